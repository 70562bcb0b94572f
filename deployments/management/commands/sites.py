from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from deployments.management.output import print_json, print_table
from deployments.queries import SiteRow, site_list
from deployments.rules.targets import format_references
from deployments.rules.wording import short


class Command(BaseCommand):
    help = "List sites with running and newest commit and the suggested action, most urgent first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "search",
            nargs="?",
            default="",
            help="words to find in name, tags, repository, workload or commits",
        )
        parser.add_argument("--state", default="", help="only sites in this state, like ready")
        parser.add_argument("--tag", default="", help="only sites with this tag")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found = site_list(
            now=timezone.now(), search=options["search"], state=options["state"], tag=options["tag"]
        )
        rows = [_as_dict(row) for row in found.rows]
        if options["json"]:
            print_json(self.stdout, rows)
        elif rows:
            shown = [row | {"head": short(row["head"]), "running": short(row["running"])} for row in rows]
            print_table(
                self.stdout, shown, columns=("state", "name", "repository", "running", "head", "message")
            )
        else:
            self.stdout.write(
                "No site matches." if found.total else "No sites yet: manage.py import_sites FILE"
            )


def _as_dict(row: SiteRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "host": row.site.host,
        "repository": row.slug,
        "tags": row.site.tags.split(),
        "workloads": format_references(row.site.references),
        "state": row.answer.state.value,
        "message": row.answer.message,
        "action": row.answer.action.value,
        "running": row.running_sha,
        "head": row.head.sha if row.head else "",
        "behind_by": row.seen.behind_by,
        "check_state": row.seen.check_state,
        "auto_deploy": row.site.auto_deploy,
        "observed_at": row.observed_at,
    }
