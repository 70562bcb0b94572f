"""django-q2's own worker. Here it would log an error twice a second: it pickles what our queue entries may not carry."""

from typing import Any, ClassVar

from django.core.management.base import CommandError
from django_q.management.commands import qcluster


class Command(qcluster.Command):  # type: ignore[misc]  # django-q2 carries no types
    help = "Not available. Headway's worker is `manage.py worker`."
    requires_system_checks: ClassVar[list[str]] = []

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError("Headway has its own worker. Run `manage.py worker` instead of `qcluster`.")
