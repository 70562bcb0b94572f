from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployments.locks import Lock, try_lock

WAIT_SECONDS = 600


class Command(BaseCommand):
    help = "Migrate, one process at a time: every pod runs this before it starts, and the first one does the work."

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
                    f"Another process has been migrating for {options['wait']:g} s: look at its log, then start this again."
                )
            call_command("migrate", interactive=False, verbosity=options["verbosity"], stdout=self.stdout)
