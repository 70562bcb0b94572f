"""The rows that set when django-q2 syncs: it reads all of them in one transaction, which one broken row rolls back."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from deployments.management.commands.worker import _tick
from deployments.operations.sync.schedule import ensure_schedules
from deployments.queries import SYNC_SCHEDULE

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = timedelta(hours=5)


@pytest.fixture(autouse=True)
def _due() -> None:
    ensure_schedules()
    Schedule.objects.update(next_run=timezone.now() - LONG_AGO)


def queued() -> list[str]:
    return sorted(each.task["func"].rpartition(".")[2] for each in OrmQ.objects.all())


def add(**given: object) -> None:
    row = Schedule.objects.create(name="mine", func="f", next_run=timezone.now() - 2 * LONG_AGO)
    Schedule.objects.filter(pk=row.pk).update(**given)


@pytest.mark.parametrize(
    "broken",
    [
        {"args": "(((", "name": None},
        {"kwargs": "[1]"},
        {"schedule_type": Schedule.CRON, "cron": "* * * * *"},
        {"schedule_type": "?"},
    ],
    ids=str,
)
def test_a_broken_row_of_someone_elses_stops_no_sync(broken: dict[str, object]) -> None:
    add(**broken)

    _tick()

    assert queued() == ["sync", "tick"]


@pytest.mark.parametrize(
    "broken",
    [
        {"args": "((("},
        {"kwargs": "[1]"},
        {"schedule_type": Schedule.CRON},
        {"repeats": 0},
        {"cluster": "elsewhere"},
        {"minutes": None},
        {"intended_date_kwarg": "at"},
        {"func": "deployments.tasks.doctor"},
    ],
    ids=str,
)
def test_the_syncs_own_row_is_repaired(broken: dict[str, object]) -> None:
    Schedule.objects.filter(name=SYNC_SCHEDULE).update(**broken)

    _tick()

    assert queued() == ["sync", "tick"]
    assert [each.task["kwargs"] for each in OrmQ.objects.all()] == [{"names": [], "trigger": "schedule"}, {}]


def test_a_row_that_is_gone_is_created_again() -> None:
    Schedule.objects.all().delete()

    _tick()

    assert queued() == ["sync", "tick"]


def test_the_interval_stays_as_a_person_chose_it() -> None:
    Schedule.objects.filter(name=SYNC_SCHEDULE).update(minutes=15)

    _tick()

    schedule = Schedule.objects.get(name=SYNC_SCHEDULE)
    assert schedule.minutes == 15
    assert timezone.now() < schedule.next_run <= timezone.now() + timedelta(minutes=15)


def test_a_run_that_was_put_off_forever_comes_within_the_interval() -> None:
    Schedule.objects.update(next_run=timezone.now() + timedelta(days=3650))

    _tick()

    assert Schedule.objects.get().next_run <= timezone.now() + timedelta(minutes=60)


def test_five_hours_off_are_one_sync() -> None:
    _tick()
    _tick()

    assert queued().count("sync") == 1
