"""The worker's processes: replaced when they end, ended when they hang, and made anew when they have rested."""

import os
import signal
import threading
from collections.abc import Iterator
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import connection
from django_q.models import OrmQ, Task
from django_q.tasks import async_task

from deployments.pool import NO_MORE, RECYCLED, Pool, Results, Tasks, Timer
from deployments.queue import NotifyingBroker
from tests.processes import eventually

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker() -> NotifyingBroker:
    return NotifyingBroker(list_key="headway")


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(size=2)
    try:
        yield pool
    finally:
        pool.stop()


def never() -> bool:
    return False


def pids(pool: Pool) -> set[int]:
    return {child.process.pid for child in pool._children if child.process.is_alive() and child.process.pid}


def done(task: str, pool: Pool) -> bool:
    def is_done() -> bool:
        pool.look()
        return Task.objects.filter(id=task).exists()

    return bool(eventually(is_done, seconds=15))


def test_a_task_is_done_and_its_entry_gone(pool: Pool) -> None:
    task = async_task("deployments.tasks.continue_batches")

    assert done(task, pool)
    assert eventually(lambda: not OrmQ.objects.exists(), seconds=5)


def test_a_task_that_failed_is_not_repeated(pool: Pool) -> None:
    task = async_task("deployments.tasks.begin_deploy", "an argument too many", 1, 2)

    assert done(task, pool)
    assert eventually(lambda: not OrmQ.objects.exists(), seconds=5)
    assert list(Task.objects.values_list("success", "attempt_count")) == [(False, 1)]


def test_whoever_is_killed_is_replaced(pool: Pool) -> None:
    before = pids(pool)

    for pid in before:
        os.kill(pid, signal.SIGKILL)

    assert eventually(lambda: not pids(pool), seconds=5)
    assert done(async_task("deployments.tasks.continue_batches"), pool)
    assert len(pids(pool)) == 2
    assert not pids(pool) & before


def test_whoever_is_past_its_task_s_time_is_killed_and_replaced(pool: Pool) -> None:
    hanging, other = pool._children
    pid = hanging.process.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    hanging._timer.value = 0.1
    sleep(0.2)

    pool.look()

    assert len(pids(pool)) == 2
    assert pid not in pids(pool)
    assert other.process.pid in pids(pool)


def test_whoever_is_told_to_stop_ends_soon(pool: Pool) -> None:
    assert done(async_task("deployments.tasks.continue_batches"), pool)
    before = monotonic()

    pool.stop()

    assert not pids(pool)
    assert monotonic() - before < 3


def test_whoever_worked_and_rested_ends_so_that_a_fresh_one_takes_its_place(broker: NotifyingBroker) -> None:
    timer = Timer()
    tasks = Tasks(broker, timer=timer, is_stopping=never, rest_seconds=0.2)
    async_task("deployments.tasks.continue_batches")

    first, second = tasks.get(), tasks.get()

    assert isinstance(first, dict)
    assert first["func"] == "deployments.tasks.continue_batches"
    assert second == NO_MORE
    assert timer.value == RECYCLED


def test_whoever_has_not_worked_waits_on(broker: NotifyingBroker) -> None:
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


def taken(broker: NotifyingBroker) -> dict[str, Any]:
    async_task("deployments.tasks.continue_batches")
    task = Tasks(broker, timer=Timer(), is_stopping=never).get()
    assert isinstance(task, dict)
    return task | {"result": None, "success": True, "stopped": task["started"]}


def test_a_result_is_saved_when_the_database_is_back(broker: NotifyingBroker) -> None:
    task = taken(broker)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    end_session(pid)

    Results(broker, is_stopping=never).put(task)

    assert Task.objects.get(id=task["id"]).success
    assert not OrmQ.objects.exists()


def test_a_result_is_saved_of_a_task_that_was_interrupted_in_a_statement(broker: NotifyingBroker) -> None:
    task = taken(broker) | {"success": False, "result": "It took too long"}
    connection.connection.pgconn.send_query(b"SELECT pg_sleep(60)")

    Results(broker, is_stopping=never).put(task)

    assert not Task.objects.get(id=task["id"]).success
    assert not OrmQ.objects.exists()


def end_session(pid: int) -> None:
    def kill() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        connection.close()

    thread = threading.Thread(target=kill)
    thread.start()
    thread.join()


def test_a_timer_ends_only_what_has_begun() -> None:
    timer = Timer()

    assert timer.ends_at > monotonic() + 1_000_000
    timer.value = 10
    timer.value += 3
    assert timer.value == 13
    assert 12 < timer.ends_at - monotonic() <= 13
    timer.value = -1
    assert timer.ends_at > monotonic() + 1_000_000
