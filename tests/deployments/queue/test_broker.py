"""The queue: written with the request, woken at commit, and each task taken once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic, sleep

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task

from deployments.queue.broker import NotifyingBroker, release_entries

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker() -> NotifyingBroker:
    return NotifyingBroker(list_key="headway")


def enqueue() -> None:
    async_task("deployments.tasks.continue_batches")


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def test_a_request_that_is_rolled_back_leaves_no_queue_entry() -> None:
    with transaction.atomic():
        enqueue()
        transaction.set_rollback(True)

    assert OrmQ.objects.count() == 0


def test_an_entry_wakes_the_waiting_worker_long_before_its_poll_interval(broker: NotifyingBroker) -> None:
    assert broker.dequeue() is None
    started = monotonic()

    def enqueue_soon() -> None:
        sleep(0.3)
        enqueue()

    with meanwhile(enqueue_soon):
        while not (taken := broker.dequeue()):
            pass

    assert taken
    assert monotonic() - started < Conf.POLL / 2


def test_an_entry_written_before_the_worker_listens_is_taken_at_once(broker: NotifyingBroker) -> None:
    enqueue()

    assert broker.dequeue() is not None


@pytest.mark.parametrize("minutes", [-20, 20])
def test_an_entry_is_taken_at_once_and_once_whatever_the_clock_of_who_wrote_it(
    broker: NotifyingBroker, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(minutes=minutes))
    enqueue()
    monkeypatch.undo()

    assert broker.dequeue() is not None
    monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(minutes=-minutes))
    assert broker._take() is None


def test_a_task_is_taken_once_however_many_workers_ask(broker: NotifyingBroker) -> None:
    for _ in range(20):
        enqueue()
    taken: list[int] = []

    def take_all() -> None:
        mine = NotifyingBroker(list_key="headway")
        while (entry := mine._take()) is not None:
            taken.append(entry[0])

    with meanwhile(take_all), meanwhile(take_all):
        take_all()

    assert sorted(taken) == sorted(OrmQ.objects.values_list("pk", flat=True))
    assert len(set(taken)) == 20


def test_a_database_that_went_away_costs_a_moment_and_no_task(broker: NotifyingBroker) -> None:
    enqueue()
    broker._listen()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()

    def kill() -> None:
        with connection.cursor() as cursor:
            # It is gone when this returns.
            cursor.execute("SELECT pg_terminate_backend(%s, 60000)", [pid])

    with meanwhile(kill):
        pass
    first = broker.dequeue()
    second = broker.dequeue()

    assert first is None
    assert second is not None


def test_of_two_that_wait_the_one_that_hesitates_comes_second(broker: NotifyingBroker) -> None:
    broker.hesitate_seconds = 3
    is_waiting = threading.Event()
    first: list[float] = []
    broker.dequeue()

    def wait_without_hesitating() -> None:
        other = NotifyingBroker(list_key="headway")
        while not other.dequeue():
            is_waiting.set()
        first.append(monotonic())

    with meanwhile(wait_without_hesitating):
        assert is_waiting.wait(60)
        with meanwhile(enqueue):
            pass
        while broker._take_again_at:
            assert broker.dequeue() is None
        woken_at = monotonic()
        taken = broker.dequeue()

    assert first
    assert first[0] < woken_at
    assert taken is None


def test_an_entry_that_is_put_off_is_taken_when_it_is_due_and_not_before(broker: NotifyingBroker) -> None:
    assert broker.dequeue() is None
    later = NotifyingBroker()
    later.after_seconds = 1.5
    async_task("deployments.tasks.continue_batches", q_options={"broker": later})
    started = monotonic()

    while not (taken := broker.dequeue()):
        pass

    assert taken
    assert 1.4 < monotonic() - started < Conf.POLL / 2


def test_what_one_died_over_is_taken_by_another_at_once(broker: NotifyingBroker) -> None:
    enqueue()
    broker.dequeue()
    assert broker.dequeue() is None

    release_entries("deployments.tasks.sync", taken_ago=timedelta(0))
    other = broker.dequeue()
    release_entries("deployments.tasks.continue_batches", taken_ago=timedelta(seconds=30))
    too_young = broker.dequeue()
    release_entries("deployments.tasks.continue_batches", taken_ago=timedelta(0))
    started = monotonic()
    while not (again := broker.dequeue()):
        pass

    assert (other, too_young) == (None, None)
    assert again
    assert monotonic() - started < Conf.POLL / 2
