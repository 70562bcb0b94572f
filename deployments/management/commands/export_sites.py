import csv
from typing import Any

from django.core.management.base import BaseCommand

from deployments.models import Site
from deployments.models.site import mapping_fields
from deployments.rules.targets import format_references


class Command(BaseCommand):
    help = "Print every mapping as CSV, as import_sites reads it: importing it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        table = csv.DictWriter(self.stdout, [*mapping_fields(), "workloads"], lineterminator="\n")
        table.writeheader()
        table.writerows(_as_row(site) for site in Site.objects.with_workloads().order_by("name"))


def _as_row(site: Site) -> dict[str, str]:
    values = {name: getattr(site, name) for name in mapping_fields()}
    texts = {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in values.items()
    }
    return texts | {"workloads": format_references(site.references)}
