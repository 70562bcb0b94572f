"""The audit, newest first."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from deployments.models import AuditEvent
from deployments.queries.system_status import SystemStatus, system_status

AUDIT_LENGTH = 50


@dataclass(frozen=True)
class AuditPage:
    events: tuple[AuditEvent, ...]
    older_than: int | None
    """Where the next page starts; None on the last one."""
    system_status: SystemStatus


def audit_page(
    *, now: datetime, kind: str = "", search: str = "", older_than: int | None = None
) -> AuditPage:
    """Fifty events of `kind` whose host, person, address or sentence contains `search`. Runs two SQL queries."""
    events = AuditEvent.objects.all()
    if kind:
        events = events.filter(kind=kind)
    for word in search.split():
        events = events.filter(
            Q(host__icontains=word)
            | Q(actor_name__icontains=word)
            | Q(message__icontains=word)
            | Q(address__startswith=word)
        )
    if older_than is not None:
        events = events.filter(pk__lt=older_than)
    found = tuple(events[: AUDIT_LENGTH + 1])
    shown = found[:AUDIT_LENGTH]
    return AuditPage(shown, shown[-1].pk if len(found) > AUDIT_LENGTH else None, system_status(now=now))
