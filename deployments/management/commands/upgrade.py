from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployments.database_roles import Login, UnableToGrant, ensure_roles
from deployments.locks import Lock, try_lock

WAIT_SECONDS = 600


class Command(BaseCommand):
    help = (
        "Migrate, and give web's and the worker's database roles their privileges: one process at a time."
        " Every pod runs this before it starts, and the first one does the work."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--wait",
            type=float,
            default=WAIT_SECONDS,
            metavar="SECONDS",
            help="how long to wait for another process that migrates",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with try_lock(Lock.UPGRADE, wait_seconds=options["wait"]) as alone:
            if not alone:
                raise CommandError(
                    f"Another process has been migrating for {options['wait']:g} s: check its log, then start this again."
                )
            call_command("migrate", interactive=False, verbosity=options["verbosity"], stdout=self.stdout)
            self._grant()

    def _grant(self) -> None:
        """Where WEB_DATABASE_URL and WORKER_DATABASE_URL name roles; without them both connect as the owner."""
        web, worker = (
            Login(*login) if login else None
            for login in (settings.WEB_DATABASE_LOGIN, settings.WORKER_DATABASE_LOGIN)
        )
        try:
            left = ensure_roles(web=web, worker=worker) if web or worker else []
        except UnableToGrant as error:
            raise CommandError(str(error)) from error
        for statement in left:
            self.stderr.write(f"An administrator of the database should run: {statement}")
