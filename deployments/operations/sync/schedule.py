"""The one row that says when the next sync is due. Only its interval and its time are read, and no other row.

django-q2's own scheduler is not run: it queues whatever function a row names, with whatever options.
"""

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
from deployments.queue import enqueue

INTERVALS_MINUTES = (5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)
_USUAL_MINUTES = 60
_SYNC: dict[str, Any] = {
    "func": enqueue.SYNC,
    "args": None,
    "kwargs": None,
    "hook": None,
    "cluster": None,
    "intended_date_kwarg": None,
    "schedule_type": Schedule.MINUTES,
    "repeats": -1,
}


def ensure_schedules(**_: Any) -> None:
    """Ensure one valid row of ours: create it, or correct it. Safe to run twice.

    After a migration and at every tick, since whatever can write rows can break one. Runs one SQL query where all is well.
    """
    ours = _rows()
    if len(ours) == 1 and not _wrong(ours[0]):
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.SCHEDULES.value])
        ours = _rows()
        if not ours:
            Schedule.objects.create(
                name=SYNC_SCHEDULE, minutes=_USUAL_MINUTES, next_run=timezone.now(), **_SYNC
            )
        elif wrong := _wrong(ours[0]):
            Schedule.objects.filter(pk=ours[0].pk).update(**wrong)
        Schedule.objects.filter(pk__in=[each.pk for each in ours[1:]]).delete()


def queue_due_sync(*, now: datetime) -> bool:
    """Queue the sync where its time has come; say whether it had. However long nobody ran it, that is one sync."""
    with transaction.atomic():
        due = Schedule.objects.select_for_update(skip_locked=True).filter(
            name=SYNC_SCHEDULE, next_run__lte=now
        )
        row = due.order_by("id").first()
        if row is None:
            return False
        interval = timedelta(minutes=_minutes(row))
        missed = (now - row.next_run) // interval
        Schedule.objects.filter(pk=row.pk).update(next_run=row.next_run + (missed + 1) * interval)
        enqueue.sync(trigger="schedule")
    return True


def set_sync_interval(*, minutes: int, by: User | None = None, now: datetime) -> None:
    """Run the sync every `minutes` from now on; the next one comes no later than that.

    Raises ValueError for an interval that is not one of INTERVALS_MINUTES.
    """
    if minutes not in INTERVALS_MINUTES:
        raise ValueError(f"{minutes} is none of {INTERVALS_MINUTES}")
    schedule = Schedule.objects.get(name=SYNC_SCHEDULE)
    soonest = min(schedule.next_run, now + timedelta(minutes=minutes))
    with transaction.atomic():
        Schedule.objects.filter(pk=schedule.pk).update(minutes=minutes, next_run=soonest)
        message = f"Changed the sync's interval from {schedule.minutes} to {minutes} minutes."
        audit.record(AuditEvent.Kind.SCHEDULE, message, by=by, now=now)


def _rows() -> list[Schedule]:
    """The sync's own, of which there should be one."""
    return list(Schedule.objects.filter(name=SYNC_SCHEDULE).order_by("id"))


def _wrong(row: Schedule) -> dict[str, Any]:
    """What has to change: a person's interval stays, and the next run lies no later than that."""
    minutes = _minutes(row)
    latest = timezone.now() + timedelta(minutes=minutes)
    next_run = min(row.next_run or latest, latest)
    wanted = {"minutes": minutes, "next_run": next_run, **_SYNC}
    return {name: value for name, value in wanted.items() if getattr(row, name) != value}


def _minutes(row: Schedule) -> int:
    return row.minutes if row.minutes in INTERVALS_MINUTES else _USUAL_MINUTES
