"""Never two syncs at once, across processes; a run whose worker was killed is closed by the next."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ

from demo.world import World
from deployments.clients.clients import Clients
from deployments.locks import Lock, try_lock
from deployments.models import Deploy, Site, SyncRun
from deployments.operations.hold import place_hold
from deployments.operations.sync.run import AnotherAtWork, close_dead_runs, sync
from deployments.operations.tick import tick
from deployments.queue import enqueue
from deployments.queue.broker import NotifyingBroker
from tests.factories import NOW, make_user, observe
from tests.processes import Running, environment, eventually
from tests.sessions import held_elsewhere, someone_waits_for_a_lock

WITHIN_SECONDS = 60
SYNC_OF_ANOTHER_WORKER = """
import django
django.setup()
from deployments.tasks import sync
sync()
"""

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sites")]


@pytest.fixture
def other_worker(world: World, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process in the middle of a sync: GitHub takes its time."""
    world.github.latency_seconds = WITHIN_SECONDS
    env = environment(tmp_path, **world.settings(tmp_path), DJANGO_SETTINGS_MODULE="dashboard.settings")
    command = [sys.executable, "-c", SYNC_OF_ANOTHER_WORKER]
    with Running(command, env, log=tmp_path / "log") as other:
        assert eventually(
            SyncRun.objects.filter(result=SyncRun.Result.RUNNING).exists, seconds=WITHIN_SECONDS
        ), other.message
        yield other.process
        other.process.kill()
    world.github.latency_seconds = 0


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    # PostgreSQL notices a moment later, and gives the dead one's lock back.
    with try_lock(Lock.SYNC, wait_seconds=WITHIN_SECONDS) as alone:
        assert alone


@pytest.mark.slow
def test_another_workers_run_is_not_taken_for_dead(other_worker: subprocess.Popen[bytes]) -> None:
    closed = close_dead_runs(now=NOW)

    assert closed == 0
    assert SyncRun.objects.get().result == SyncRun.Result.RUNNING


def test_a_sync_that_finds_another_running_may_wait_for_it(clients: Clients) -> None:
    with held_elsewhere(Lock.SYNC), pytest.raises(AnotherAtWork, match="Another sync is running"):
        sync(clients=clients, clock=lambda: NOW, wait_seconds=0.2)

    assert not SyncRun.objects.exists()


@pytest.mark.slow
def test_a_run_whose_worker_was_killed_is_closed_by_the_next(
    world: World, clients: Clients, other_worker: subprocess.Popen[bytes]
) -> None:
    _kill(other_worker)
    world.github.latency_seconds = 0

    observe(clients)

    assert list(SyncRun.objects.order_by("id").values_list("result", "message")) == [
        ("failed", "The worker died while it ran."),
        ("good", ""),
    ]


@pytest.mark.slow
def test_a_run_whose_worker_was_killed_is_closed_by_the_tick_where_no_sync_follows(
    other_worker: subprocess.Popen[bytes],
) -> None:
    _kill(other_worker)

    tick(now=NOW)

    assert SyncRun.objects.get().result == SyncRun.Result.FAILED


def test_a_hold_that_comes_while_the_sync_decides_is_that_sites_reason_alone(
    world: World, clients: Clients
) -> None:
    held, other = sorted(world.mappings)[:2]
    head = world.commit(other)
    world.commit(held)
    Site.objects.update(auto_deploy=True)

    with _held_as_soon_as_someone_waits_for_it(held):
        report = observe(clients)

    verdict, reason, *_ = report.run.decisions[held]
    assert (verdict, "(by ann): Not now" in reason) == ("stop", True)
    assert [each.sha for each in Deploy.objects.all()] == [head]


@contextmanager
def _held_as_soon_as_someone_waits_for_it(host: str) -> Iterator[None]:
    """Keep the site's row locked against deploys alone, and place a Hold once another transaction waits for it."""
    is_locked = threading.Event()

    def hold() -> None:
        with transaction.atomic():
            site = Site.objects.select_for_update(no_key=True).get(host=host)
            is_locked.set()
            assert eventually(someone_waits_for_a_lock, seconds=WITHIN_SECONDS)
            place_hold(site=site, reason="Not now", by=make_user("ann"), now=NOW)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert is_locked.wait(WITHIN_SECONDS)
    yield
    thread.join()


@pytest.mark.slow
def test_a_killed_sync_is_taken_up_by_the_next_tick(
    world: World, clients: Clients, other_worker: subprocess.Popen[bytes]
) -> None:
    enqueue.sync(names=["chartopia.app"], trigger="person")
    broker = NotifyingBroker(Conf.CLUSTER_NAME)
    taken = broker._take()
    assert taken
    tick(now=timezone.now())
    before = broker._take()
    _kill(other_worker)

    tick(now=timezone.now())

    functions = {entry.task["func"] for entry in OrmQ.objects.filter(lock__lte=timezone.now())}
    assert before is None or "sync" not in OrmQ.objects.get(pk=before[0]).task["func"]
    assert enqueue.SYNC in functions
    assert SyncRun.objects.get().result == SyncRun.Result.FAILED


def test_a_sync_that_was_killed_before_its_run_was_written_is_taken_up_after_a_while() -> None:
    enqueue.sync(trigger="schedule")
    broker = NotifyingBroker(Conf.CLUSTER_NAME)
    taken = broker._take()
    assert taken
    tick(now=timezone.now())
    young = broker._take()
    OrmQ.objects.update(lock=F("lock") - timedelta(seconds=31))

    tick(now=timezone.now())

    assert (young, broker._take()) == (None, taken)


def test_a_sync_that_is_at_work_for_long_is_left_to_its_worker() -> None:
    enqueue.sync(trigger="schedule")
    broker = NotifyingBroker(Conf.CLUSTER_NAME)
    broker._take()
    OrmQ.objects.update(lock=F("lock") - timedelta(seconds=200))

    with held_elsewhere(Lock.SYNC):
        tick(now=timezone.now())

    assert broker._take() is None
