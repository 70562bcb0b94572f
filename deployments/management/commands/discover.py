import csv
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployments.clients.clients import Clients
from deployments.operations.sites.discover import COLUMNS, discover
from deployments.rules.suggestions import TAG_BY_COMMIT


class Command(BaseCommand):
    help = "Print, as CSV for import_sites, the workloads whose image names a commit and that no site maps. Add their hosts to it first. Run it where the worker runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("namespaces", nargs="*", help="namespaces to search; none: those that have sites")

    def handle(self, *args: Any, **options: Any) -> None:
        found = discover(clients=Clients.from_settings(), namespaces=options["namespaces"])
        table = csv.DictWriter(self.stdout, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(found.rows)
        for each in found.unnameable:
            self.stderr.write(f"{each.reference.place} is left out. {each.reason} {TAG_BY_COMMIT}")
        if found.problems:
            raise CommandError(
                "\n".join(f"Namespace {name}: {message}" for name, message in found.problems.items())
            )
