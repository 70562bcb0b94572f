"""The schedule: the hourly sync comes whatever became of the last one, of hooks, and of what someone wrote into its row."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from deployments.operations.sync.schedule import ensure_schedules, queue_due_sync

HOUR = timedelta(hours=1)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    """The row that the test before left was made when that one ended, which may be long ago."""
    Schedule.objects.all().delete()


def queued() -> list[str]:
    return [entry.func() for entry in OrmQ.objects.all()]


def look_at_the_clock() -> None:
    """What the worker does every 30 seconds."""
    queue_due_sync(now=timezone.now())


def let_pass(time: timedelta) -> None:
    """Let the schedule look as if that time had gone by."""
    (row,) = Schedule.objects.all()
    Schedule.objects.update(next_run=row.next_run - time)


def test_a_fresh_installation_syncs_at_once_and_then_every_hour() -> None:
    ensure_schedules()

    look_at_the_clock()

    (row,) = Schedule.objects.all()
    assert queued() == ["deployments.tasks.sync"]
    assert (row.minutes, row.next_run - timezone.now() > HOUR - timedelta(minutes=1)) == (60, True)


def test_each_hour_has_its_sync_forever() -> None:
    ensure_schedules()

    for _ in range(30):
        look_at_the_clock()
        let_pass(HOUR)

    assert queued() == ["deployments.tasks.sync"] * 30


def test_within_the_hour_there_is_no_second_one() -> None:
    ensure_schedules()

    for _ in range(3):
        look_at_the_clock()
        let_pass(HOUR / 4)

    assert len(queued()) == 1


def test_after_a_day_off_there_is_one_sync_and_not_twenty_four() -> None:
    ensure_schedules()
    look_at_the_clock()
    OrmQ.objects.all().delete()
    let_pass(24 * HOUR)

    for _ in range(3):
        look_at_the_clock()

    assert len(queued()) == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"func": "os.system"},
        {"repeats": 0},
        {"args": "((("},
        {"schedule_type": Schedule.ONCE},
        {"minutes": 1},
    ],
)
def test_a_row_that_was_broken_by_hand_is_repaired_at_the_next_start(broken: dict[str, object]) -> None:
    ensure_schedules()
    Schedule.objects.update(**broken)

    ensure_schedules()
    for _ in range(2):
        look_at_the_clock()
        let_pass(HOUR)

    assert queued() == ["deployments.tasks.sync"] * 2


def test_the_interval_that_someone_chose_stays() -> None:
    ensure_schedules()
    Schedule.objects.update(minutes=15)

    ensure_schedules()

    assert Schedule.objects.get().minutes == 15
