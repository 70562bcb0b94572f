"""Note who did what, when, from where: in the same transaction as what it records, so that both are kept or neither is."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.contrib.auth.models import User

from deployments.models import AuditEvent, Site
from deployments.rules.wording import printable

HEADWAY = "Headway"
NAME_LENGTH = 150

_address: ContextVar[str | None] = ContextVar("address", default=None)


@contextmanager
def asked_from(address: str | None) -> Iterator[None]:
    """Within the block, whatever is recorded came from this IP address; a worker has none."""
    token = _address.set(address)
    try:
        yield
    finally:
        _address.reset(token)


def record(
    kind: AuditEvent.Kind,
    message: str,
    *,
    now: datetime,
    by: User | None = None,
    by_name: str = HEADWAY,
    site: Site | None = None,
) -> None:
    """Add one event. `by_name` is who did it where that is not a user: a shell's user, or Headway itself."""
    AuditEvent.objects.create(
        at=now,
        actor=by,
        actor_name=(by.get_username() if by else by_name)[:NAME_LENGTH],
        address=_address.get(),
        kind=kind,
        site=site,
        host=site.name if site else "",
        # It may quote what someone typed, and PostgreSQL keeps no NUL.
        message=printable(message),
    )
