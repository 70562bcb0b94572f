from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployments.models import Site
from deployments.rules.permissions import PERMISSIONS

ROLE = "headway-worker"


class Command(BaseCommand):
    help = "Print, for each namespace with sites, a Role that names exactly the mapped Deployments, and its binding: pipe it to kubectl apply --filename -."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--service-account", default="headway-worker", metavar="NAME")
        parser.add_argument("--service-account-namespace", default="headway", metavar="NAMESPACE")

    def handle(self, *args: Any, **options: Any) -> None:
        import yaml

        pairs = (
            Site.objects.order_by("namespace", "deployment").values_list("namespace", "deployment").distinct()
        )
        if not pairs:
            raise CommandError("No site is mapped yet: a Role without names would allow everything.")
        subject = {
            "kind": "ServiceAccount",
            "name": options["service_account"],
            "namespace": options["service_account_namespace"],
        }
        documents = list(_documents(pairs, subject))
        self.stdout.write(yaml.safe_dump_all(documents, sort_keys=False), ending="")


def _documents(pairs: Iterable[tuple[str, str]], subject: dict[str, str]) -> Iterator[dict[str, Any]]:
    for namespace, group in groupby(pairs, key=lambda pair: pair[0]):
        metadata = {"name": ROLE, "namespace": namespace}
        yield {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": metadata,
            "rules": list(_rules([name for _, name in group])),
        }
        yield {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": metadata.copy(),
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": ROLE},
            "subjects": [subject.copy()],
        }


def _rules(names: list[str]) -> Iterator[dict[str, Any]]:
    for permission in PERMISSIONS:
        rule: dict[str, Any] = {
            "apiGroups": [permission.group],
            "resources": [permission.resource],
            "verbs": list(permission.verbs),
        }
        yield rule | ({"resourceNames": names} if permission.named else {})
