from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from deployments.clients.clients import Clients
from deployments.management.output import print_json
from deployments.operations.doctor.findings import Grade
from deployments.operations.doctor.run import examine

SIGNS = {Grade.GOOD: "ok  ", Grade.WARNING: "warn", Grade.BAD: "BAD "}


class Command(BaseCommand):
    help = "Check every dependency; one line each, with a remedy. Run it where the worker runs: it needs its credentials."
    # It says in its own words what Django would end with.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found = examine(clients=Clients.from_settings(), now=timezone.now())
        if options["json"]:
            print_json(self.stdout, [each.as_dict() for each in found])
        else:
            for each in found:
                remedy = f" → {each.remedy}" if each.remedy else ""
                self.stdout.write(f"{SIGNS[each.grade]}  {each.subject}: {each.message}{remedy}")
        if problems := sum(each.grade is Grade.BAD for each in found):
            raise CommandError(f"{problems} of {len(found)} checks failed.")
