"""Ask for a sync; a worker does it."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django_q.tasks import async_task

from deployments.models import AuditEvent, Site
from deployments.operations import audit


def ask_for_sync(*, hosts: Sequence[str] = (), by: User, now: datetime) -> None:
    """Queue what request_sync does, for a person: the audit says for whom."""
    with transaction.atomic():
        site = Site.objects.filter(host=hosts[0]).first() if len(hosts) == 1 else None
        what = "every site" if not hosts else "this site" if site else f"{len(hosts)} sites"
        audit.record(AuditEvent.Kind.SYNC, f"Asked for a sync of {what}.", by=by, site=site, now=now)
        request_sync(hosts=hosts)


def request_sync(*, hosts: Sequence[str] = (), trigger: str = "person") -> None:
    """Queue a sync of `hosts`, or of all sites where none is named."""
    async_task("deployments.tasks.sync", hosts=list(hosts), trigger=trigger, q_options={"group": "sync"})
