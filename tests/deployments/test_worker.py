"""`manage.py worker` as a process: what happens when its parts are killed, and what it costs while nothing happens."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, sleep

import pytest
from django.db import connection
from django_q.models import OrmQ, Schedule, Task
from django_q.tasks import async_task

from dashboard.queue_settings import QUEUE
from deployments.operations.sync.schedule import ensure_schedules
from tests.processes import CHECKOUT, MANAGE, Running, environment, eventually
from tests.roles import WORKER, url_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
TIMEOUT_SECONDS = 60
StartWorker = Callable[..., Running]


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[StartWorker]:
    """Start a worker and return it when its first task is done and all of its processes are there."""
    with ExitStack() as running:

        def start(*options: str) -> Running:
            env = environment(tmp_path, KUBECONFIG="", DATABASE_URL=url_of(WORKER))
            worker = running.enter_context(
                Running([*MANAGE, "worker", *options], env, log=tmp_path / "worker.log")
            )
            assert runs_a_task(within_seconds=TIMEOUT_SECONDS), worker.message
            # The first may have done it before the last was made.
            assert eventually(lambda: has_all_children(worker), seconds=TIMEOUT_SECONDS), worker.message
            return worker

        yield start


def has_all_children(worker: Running) -> bool:
    return len(worker.children_of(worker.process.pid)) == QUEUE["workers"]


def runs_a_task(*, within_seconds: float) -> bool:
    """Whether a task that is queued now comes to its end in time."""
    task = async_task("deployments.tasks.continue_batches")
    return bool(eventually(lambda: Task.objects.filter(id=task).exists(), seconds=within_seconds))


def queue_tasks_until(ended: Callable[[], bool], *, seconds: float) -> bool:
    """Keep the worker's heart beating, as the tick does, until `ended`; whether that came in time."""

    def ended_after_another_task() -> bool:
        async_task("deployments.tasks.continue_batches")
        return ended()

    return bool(eventually(ended_after_another_task, seconds=seconds, every=0.3))


def statements_begun() -> set[tuple[int, object]]:
    """Each other session's newest statement, as its process and start."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid, query_start FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return set(cursor.fetchall())


def comes_to_rest() -> bool:
    """Whether no statement is begun for two seconds."""
    before = statements_begun()
    sleep(2)
    return statements_begun() == before


def test_a_worker_whose_tasks_come_to_their_end_outlives_the_longest_silence(
    start_worker: StartWorker,
) -> None:
    worker = start_worker("--longest-silence", "8")

    ended = queue_tasks_until(lambda: worker.process.poll() is not None, seconds=12)

    assert not ended


def test_a_child_that_is_killed_while_it_waits_is_replaced_and_keeps_nothing(
    start_worker: StartWorker,
) -> None:
    worker = start_worker()
    # PostgreSQL ends a statement that a killed child has begun: one that takes a task is not what this is about.
    assert eventually(comes_to_rest, seconds=TIMEOUT_SECONDS), worker.message
    killed = worker.children_of(worker.process.pid)

    for pid in killed:
        os.kill(pid, signal.SIGKILL)

    assert len(killed) == QUEUE["workers"]
    assert runs_a_task(within_seconds=TIMEOUT_SECONDS), worker.message
    assert eventually(
        lambda: len(worker.children_of(worker.process.pid) - killed) == len(killed), seconds=TIMEOUT_SECONDS
    )


def test_a_worker_syncs_when_the_schedule_says_so(start_worker: StartWorker) -> None:
    ensure_schedules()
    (due,) = Schedule.objects.all()

    start_worker()

    synced = Task.objects.filter(func="deployments.tasks.sync")
    assert eventually(synced.exists, seconds=TIMEOUT_SECONDS)
    assert Schedule.objects.get().next_run > due.next_run


def test_the_watchdog_ends_a_worker_whose_tasks_come_to_no_end(start_worker: StartWorker) -> None:
    worker = start_worker("--longest-silence", "8")

    for pid in worker.children_of(worker.process.pid):
        os.kill(pid, signal.SIGSTOP)
    ended = queue_tasks_until(lambda: worker.process.poll() is not None, seconds=TIMEOUT_SECONDS)

    assert ended
    assert eventually(lambda: not worker.members(), seconds=TIMEOUT_SECONDS)


def test_the_watchdog_says_why_though_there_is_no_heartbeat_at_all(
    start_worker: StartWorker, tmp_path: Path
) -> None:
    worker = start_worker()
    for pid in worker.children_of(worker.process.pid):
        os.kill(pid, signal.SIGSTOP)

    (tmp_path / "heartbeat").unlink()

    assert eventually(lambda: worker.process.poll() is not None, seconds=TIMEOUT_SECONDS)
    assert "No heartbeat" in worker.message
    assert "Logging error" not in worker.message


def test_sigterm_ends_a_worker_within_half_a_minute(start_worker: StartWorker) -> None:
    worker = start_worker()

    worker.process.terminate()
    status = worker.process.wait(timeout=30)

    assert status == 0
    assert not worker.members()


def test_sigterm_at_the_first_heartbeat_ends_a_worker_in_order(tmp_path: Path) -> None:
    env = environment(tmp_path, KUBECONFIG="")

    with Running([*MANAGE, "worker"], env, log=tmp_path / "worker.log") as worker:
        assert eventually((tmp_path / "heartbeat").exists, seconds=TIMEOUT_SECONDS, every=0.001), (
            worker.message
        )
        worker.process.terminate()
        status = worker.process.wait(timeout=TIMEOUT_SECONDS)

    assert status == 0, worker.message


def test_nothing_is_left_of_a_worker_that_was_killed(start_worker: StartWorker) -> None:
    worker = start_worker()

    worker.process.kill()
    worker.process.wait(timeout=TIMEOUT_SECONDS)

    assert eventually(lambda: not worker.members(), seconds=TIMEOUT_SECONDS)


def test_tasks_flow_again_after_the_database_ended_all_sessions(start_worker: StartWorker) -> None:
    start_worker()

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        (terminated,) = cursor.fetchone()

    assert terminated
    assert runs_a_task(within_seconds=TIMEOUT_SECONDS)


def test_a_task_starts_within_a_second_of_being_queued(start_worker: StartWorker) -> None:
    start_worker()
    waited = []

    for _ in range(5):
        queued_at = monotonic()
        async_task("deployments.tasks.continue_batches")
        assert eventually(lambda: not OrmQ.objects.exists(), seconds=TIMEOUT_SECONDS, every=0.005)
        waited.append(monotonic() - queued_at)

    assert sorted(waited)[2] < 1


def test_an_idle_worker_runs_at_most_one_query_a_second(start_worker: StartWorker) -> None:
    start_worker()
    seconds = 10
    assert eventually(comes_to_rest, seconds=TIMEOUT_SECONDS)

    begun = before = statements_begun()
    for _ in range(seconds * 10):
        sleep(0.1)
        begun = begun | statements_begun()

    assert before
    assert len(begun - before) <= seconds


PARENT_THAT_DIES_AT_ONCE = """
import os, signal, time
from deployments.management.parent import end_with_the_parent
parent = os.getpid()
if os.fork():
    os._exit(0)
while os.getppid() == parent:
    time.sleep(0.01)
end_with_the_parent(signal.SIGKILL, parent=parent)
print("It lives on.")
"""


def test_a_child_whose_parent_died_before_it_could_ask_to_die_with_it_ends_as_well(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PARENT_THAT_DIES_AT_ONCE],
        env=environment(tmp_path),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert (done.stdout, done.stderr) == ("", "")
