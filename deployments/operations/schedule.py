"""The rows that tell django-q2 when to run what. Only this code writes them: one broken row would stop all the others."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import Schedule

from deployments.locks import Lock
from deployments.models import AuditEvent
from deployments.operations import audit
from deployments.queries import SYNC_SCHEDULE

INTERVALS_MINUTES = (5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)


def ensure_schedules(**_: Any) -> None:
    """Make the schedules that are missing after a migration, and repair what was changed by hand. Safe to run twice."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.SCHEDULES.value])
        _ensure(SYNC_SCHEDULE, func="deployments.tasks.sync", minutes=60)


def set_sync_interval(*, minutes: int, by: User | None = None, now: datetime) -> None:
    """Run the sync every `minutes` from now on; the next one comes no later than that.

    Raises ValueError for an interval that is not one of INTERVALS_MINUTES.
    """
    if minutes not in INTERVALS_MINUTES:
        raise ValueError(f"{minutes} is none of {INTERVALS_MINUTES}")
    schedule = Schedule.objects.get(name=SYNC_SCHEDULE)
    soonest = min(schedule.next_run, now + timedelta(minutes=minutes))
    with transaction.atomic():
        Schedule.objects.filter(pk=schedule.pk).update(
            minutes=minutes, next_run=soonest, **_fixed("deployments.tasks.sync")
        )
        said = f"Changed the sync's interval from {schedule.minutes} to {minutes} minutes."
        audit.record(AuditEvent.Kind.SCHEDULE, said, by=by, now=now)


def _ensure(name: str, *, func: str, minutes: int) -> None:
    rows = Schedule.objects.filter(name=name).order_by("id")
    first = rows.first()
    if first is None:
        Schedule.objects.create(name=name, minutes=minutes, next_run=timezone.now(), **_fixed(func))
        return
    rows.exclude(pk=first.pk).delete()
    rows.filter(pk=first.pk).update(minutes=first.minutes or minutes, **_fixed(func))


def _fixed(func: str) -> dict[str, Any]:
    return {
        "func": func,
        "args": None,
        "kwargs": None,
        "hook": None,
        "schedule_type": Schedule.MINUTES,
        "repeats": -1,
    }
