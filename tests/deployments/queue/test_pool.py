"""The worker's processes: replaced when they end, ended when they hang, and recreated when they have been idle."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest
from django.db import connection
from django_q.models import OrmQ, Task
from django_q.tasks import async_task

from deployments.queue.broker import NotifyingBroker
from deployments.queue.pool import NO_MORE, RECYCLED, Pool, Results, Tasks, Timer
from tests.processes import database_url, eventually

pytestmark = pytest.mark.django_db(transaction=True)
TIMEOUT_SECONDS = 60


@pytest.fixture
def broker() -> NotifyingBroker:
    return NotifyingBroker(list_key="headway")


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(size=2)
    try:
        yield pool
    finally:
        for pid in pids(pool):
            os.kill(pid, signal.SIGKILL)


def never() -> bool:
    return False


def pids(pool: Pool) -> set[int]:
    return {child.process.pid for child in pool._children if child.process.is_alive() and child.process.pid}


def done(task: str, pool: Pool) -> bool:
    def is_done() -> bool:
        pool.poll()
        return Task.objects.filter(id=task).exists()

    return bool(eventually(is_done, seconds=TIMEOUT_SECONDS))


def test_a_task_is_done_and_its_entry_gone(pool: Pool) -> None:
    task = async_task("deployments.tasks.continue_batches")

    assert done(task, pool)
    assert eventually(lambda: not OrmQ.objects.exists(), seconds=TIMEOUT_SECONDS)


def test_a_task_that_failed_is_not_repeated(pool: Pool) -> None:
    task = async_task("deployments.tasks.start_deploy", "an argument too many", 1, 2)

    assert done(task, pool)
    assert eventually(lambda: not OrmQ.objects.exists(), seconds=TIMEOUT_SECONDS)
    assert list(Task.objects.values_list("success", "attempt_count")) == [(False, 1)]


def test_a_child_that_is_killed_is_replaced(pool: Pool) -> None:
    before = pids(pool)

    for pid in before:
        os.kill(pid, signal.SIGKILL)

    assert eventually(lambda: not pids(pool), seconds=TIMEOUT_SECONDS)
    assert done(async_task("deployments.tasks.continue_batches"), pool)
    assert len(pids(pool)) == 2
    assert not pids(pool) & before


def test_a_child_past_its_task_s_time_is_killed_and_replaced(pool: Pool) -> None:
    hanging, other = pool._children
    pid = hanging.process.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    hanging._timer.value = 0.1
    sleep(0.2)

    pool.poll()

    assert len(pids(pool)) == 2
    assert pid not in pids(pool)
    assert other.process.pid in pids(pool)


def test_a_pool_that_is_stopped_ends_soon(pool: Pool) -> None:
    assert done(async_task("deployments.tasks.continue_batches"), pool)
    before = monotonic()

    pool.stop()

    assert not pids(pool)
    # A waiting child checks every second; unasked it would be after 45.
    assert monotonic() - before < 30


def test_a_child_that_hangs_is_not_waited_for_at_the_end(pool: Pool) -> None:
    hanging = pool._children[0]
    assert hanging.process.pid
    os.kill(hanging.process.pid, signal.SIGSTOP)
    hanging._timer.value = 0.1

    pool.stop()

    assert not pids(pool)


def test_a_child_that_worked_and_rested_ends_so_that_a_fresh_one_takes_its_place(
    broker: NotifyingBroker,
) -> None:
    timer = Timer()
    tasks = Tasks(broker, timer=timer, is_stopping=never, rest_seconds=0.2)
    async_task("deployments.tasks.continue_batches")

    first, second = tasks.get(), tasks.get()

    assert isinstance(first, dict)
    assert first["func"] == "deployments.tasks.continue_batches"
    assert second == NO_MORE
    assert timer.value == RECYCLED


def test_a_child_that_has_not_worked_keeps_waiting(broker: NotifyingBroker) -> None:
    stops_at = monotonic() + 1.5
    timer = Timer()
    tasks = Tasks(broker, timer=timer, is_stopping=lambda: monotonic() > stops_at, rest_seconds=0)

    assert tasks.get() == NO_MORE
    assert monotonic() > stops_at


def test_an_entry_that_is_none_of_ours_is_thrown_away_and_the_next_one_taken(broker: NotifyingBroker) -> None:
    OrmQ.objects.create(key="headway", payload="garbage", lock="2000-01-01T00:00:00Z")
    async_task("deployments.tasks.continue_batches")

    task = Tasks(broker, timer=Timer(), is_stopping=never).get()

    assert isinstance(task, dict)
    assert [entry.pk for entry in OrmQ.objects.all()] == [task["ack_id"]]


def taken(broker: NotifyingBroker, *, save: bool) -> dict[str, Any]:
    async_task("deployments.tasks.continue_batches", q_options={"save": save})
    task = Tasks(broker, timer=Timer(), is_stopping=never).get()
    assert isinstance(task, dict)
    return task | {"result": None, "success": True, "stopped": task["started"]}


# What is not saved is taken from the queue all the same.
@pytest.mark.parametrize("save", [True, False])
def test_a_task_s_end_is_written_down_when_the_database_is_back(
    broker: NotifyingBroker, *, save: bool
) -> None:
    task = taken(broker, save=save)

    with database_away() as come_back:
        threading.Timer(0.5, come_back).start()
        Results(broker, is_stopping=never).put(task)

    assert Task.objects.filter(id=task["id"], success=True).exists() == save
    assert not OrmQ.objects.exists()


def test_a_pool_that_is_stopped_does_not_wait_for_the_database(broker: NotifyingBroker) -> None:
    task = taken(broker, save=True)

    with database_away():
        Results(broker, is_stopping=lambda: True).put(task)

    assert OrmQ.objects.get().pk == task["ack_id"]


def test_a_result_is_saved_of_a_task_that_was_interrupted_in_a_statement(broker: NotifyingBroker) -> None:
    task = taken(broker, save=True) | {"success": False, "result": "It took too long"}
    connection.connection.pgconn.send_query(b"SELECT pg_sleep(60)")

    Results(broker, is_stopping=never).put(task)

    assert not Task.objects.get(id=task["id"]).success
    assert not OrmQ.objects.exists()
    with database_away():
        """Ends that statement."""


@contextmanager
def database_away() -> Iterator[Callable[[], None]]:
    """The tests' database refuses everyone, and has ended all sessions, until the function that is given is called, or the block ends."""
    name = connection.settings_dict["NAME"]
    with psycopg.connect(database_url().replace(f"/{name}?", "/postgres?"), autocommit=True) as owner:

        def come_back() -> None:
            owner.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

        owner.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield come_back
        finally:
            come_back()
            connection.close()


def test_a_timer_ends_only_what_has_begun() -> None:
    timer = Timer()

    assert timer.ends_at > monotonic() + 1_000_000
    timer.value = 10
    timer.value += 3
    assert timer.value == 13
    assert 12 < timer.ends_at - monotonic() <= 13
    timer.value = -1
    assert timer.ends_at > monotonic() + 1_000_000
