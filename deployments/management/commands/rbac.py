from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployments.facts import namespace_mappings
from deployments.models import Site
from deployments.rules.permissions import ServiceAccount, roles


class Command(BaseCommand):
    help = "Print, for each namespace with sites, a Role that names exactly the mapped workloads, and its binding: pipe it to kubectl apply --filename -."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--service-account", default="headway-worker", metavar="NAME")
        parser.add_argument("--service-account-namespace", default="headway", metavar="NAMESPACE")

    def handle(self, *args: Any, **options: Any) -> None:
        import yaml

        mappings = namespace_mappings(Site.objects.with_workloads())
        if not mappings:
            raise CommandError("No site is mapped yet: a Role without names would allow everything.")
        account = ServiceAccount(
            name=options["service_account"], namespace=options["service_account_namespace"]
        )
        self.stdout.write(yaml.safe_dump_all(roles(mappings, account=account), sort_keys=False), ending="")
