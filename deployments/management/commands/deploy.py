from time import sleep
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from deployments.management.output import print_json
from deployments.management.shell import shell_user
from deployments.models import Deploy, Site, Status, Trigger
from deployments.operations.deploys.request import UnableToDeploy, request_deploy
from deployments.rules.wording import short

POLL_SECONDS = 1


class Command(BaseCommand):
    help = "Deploy a site's newest commit, or SHA. A worker carries it out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("site", metavar="SITE", help="the site's name")
        parser.add_argument(
            "sha", nargs="?", default="", help="40 hexadecimal digits; none: the newest commit seen"
        )
        parser.add_argument("--accept-red", action="store_true", help="deploy although CI failed")
        parser.add_argument(
            "--wait", action="store_true", help="wait until it has ended; the exit status says how"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        site = Site.objects.select_related("observation").filter(name=options["site"].lower()).first()
        if site is None:
            raise CommandError(f"No such site: {options['site']}. `manage.py sites` lists them.")
        deploy = self._request(site, sha=options["sha"], accept_red=options["accept_red"])
        if options["wait"]:
            deploy = self._wait(deploy, quiet=options["json"])
        if options["json"]:
            print_json(self.stdout, _as_dict(deploy))
        else:
            self.stdout.write(
                f"Deploy {deploy.pk} of {site.name} to {short(deploy.sha)}: {deploy.get_status_display()}. {deploy.message}"
            )
        if options["wait"] and deploy.status != Status.SUCCEEDED:
            raise CommandError("The deploy did not succeed.")

    def _request(self, site: Site, *, sha: str, accept_red: bool) -> Deploy:
        seen = getattr(site, "observation", None)
        if seen is None or not (sha or seen.head_sha):
            raise CommandError(
                f"Nothing is known about {site.name} yet. Run `manage.py sync {site.name}` first."
            )
        user, name = shell_user()
        try:
            return request_deploy(
                site=site,
                sha=sha or seen.target_sha,
                seen_sha=seen.deployed_sha,
                requested_by=user,
                requested_by_name=name,
                trigger=Trigger.COMMAND,
                accept_red=accept_red,
                now=timezone.now(),
            )
        except UnableToDeploy as error:
            raise CommandError(str(error)) from error

    def _wait(self, deploy: Deploy, *, quiet: bool) -> Deploy:
        message = ""
        while deploy.is_active:
            sleep(POLL_SECONDS)
            deploy.refresh_from_db()
            if deploy.message != message and not quiet:
                message = deploy.message
                self.stdout.write(message)
        return deploy


def _as_dict(deploy: Deploy) -> dict[str, Any]:
    return {
        "id": deploy.pk,
        "name": deploy.site.name,
        "sha": deploy.sha,
        "image": deploy.image,
        "status": deploy.status,
        "message": deploy.message,
        "requested_at": deploy.requested_at,
        "finished_at": deploy.finished_at,
    }
