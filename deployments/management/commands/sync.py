from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from deployments.clients.clients import Clients
from deployments.management.output import print_json, print_table
from deployments.operations.sync.decide import Decision
from deployments.operations.sync.run import SyncReport, UnableToSync, sync

WAIT_FOR_ANOTHER_SECONDS = 60


class Command(BaseCommand):
    help = "Check GitHub, the registry and the cluster now, and start the deploys that are due."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("sites", nargs="*", metavar="SITE", help="names; none: every site")
        parser.add_argument(
            "--dry-run", action="store_true", help="write nothing, only say what would be done"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = sync(
                clients=Clients.from_settings(),
                clock=timezone.now,
                names=options["sites"],
                trigger="command",
                dry_run=options["dry_run"],
                wait_seconds=WAIT_FOR_ANOTHER_SECONDS,
            )
        except UnableToSync as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            print_json(self.stdout, _as_dict(report))
        else:
            self._print(report, dry_run=options["dry_run"])
        if report.run.sites and report.run.with_problems == report.run.sites:
            raise CommandError("No site could be checked.")

    def _print(self, report: SyncReport, *, dry_run: bool) -> None:
        rows = [_decision_as_dict(each) for each in report.decisions]
        if rows:
            print_table(self.stdout, rows, columns=("state", "name", "verdict", "reason", "message"))
        for problem, count in Counter(
            each.problem for each in report.decisions if each.problem
        ).most_common():
            self.stdout.write(f"{count} {'site' if count == 1 else 'sites'}: {problem}")
        run = report.run
        begun = sum(row["verdict"] == "go" for row in rows)
        deploys = f"{begun} would be deployed" if dry_run else f"{begun} deployed"
        self.stdout.write(
            f"{run.sites} {'site' if run.sites == 1 else 'sites'}, {run.changed} changed, {run.with_problems} with problems, {deploys}; "
            f"requests: GitHub {run.github_requests}, registry {run.registry_requests}, cluster {run.cluster_requests}."
        )


def _decision_as_dict(decision: Decision) -> dict[str, Any]:
    return {
        "name": decision.site.name,
        "state": decision.answer.state.value,
        "message": decision.answer.message,
        "verdict": type(decision.verdict).__name__.lower(),
        "reason": decision.reason,
        "deploy": decision.deploy.pk if decision.deploy else None,
    }


def _as_dict(report: SyncReport) -> dict[str, Any]:
    run = report.run
    counts = ("sites", "changed", "with_problems", "github_requests", "registry_requests", "cluster_requests")
    return {name: getattr(run, name) for name in counts} | {
        "decisions": [_decision_as_dict(each) for each in report.decisions]
    }
