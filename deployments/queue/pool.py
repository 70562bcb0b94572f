"""The worker's processes: django-q2's own worker function, fed from PostgreSQL without go-betweens.

django-q2 puts a sentinel, a pusher and a monitor around its workers, and two queues between them, whose locks a child that is killed
keeps forever (its issue 23). Here each child takes its next task from the broker itself, and saves its result itself, so no lock of
theirs is shared: docs/decisions/0010-pool.md.
"""

import logging
import multiprocessing
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from math import inf
from multiprocessing.sharedctypes import RawValue
from time import monotonic, sleep
from types import SimpleNamespace
from typing import Any

from django.db import InterfaceError, OperationalError, close_old_connections, connection, connections
from django_q.brokers import Broker, get_broker
from django_q.conf import Conf
from django_q.monitor import monitor
from django_q.pusher import pusher
from django_q.worker import worker

logger = logging.getLogger(__name__)
NO_MORE = "STOP"
RECYCLED = -2
HESITATE_SECONDS = 0.005
REST_SECONDS = 60
TRY_AGAIN_SECONDS = 1


class Pool:
    """As many children as `queue_settings` says; another takes the place of each that ended."""

    def __init__(self, *, size: int = Conf.WORKERS) -> None:
        self._is_stopping = RawValue("b", 0)
        self._children = [self._start(place) for place in range(size)]

    def poll(self) -> None:
        """End children that are past a task's time, and replace those that ended."""
        for place, child in enumerate(self._children):
            if child.is_overdue():
                logger.critical("A task did not end in its time: its process is killed")
                child.process.kill()
                child.process.join()
            if not child.process.is_alive():
                if not child.is_recycled():
                    logger.critical(
                        "A process of the worker ended with %s: another starts", child.process.exitcode
                    )
                self._children[place] = self._start(place)

    def stop(self) -> None:
        """Let every child finish its task, and take no other; return when all have ended."""
        self._is_stopping.value = 1
        while any(child.process.is_alive() for child in self._children):
            for child in self._children:
                if child.is_overdue():
                    child.process.kill()
            sleep(0.05)

    def _start(self, place: int) -> "Child":
        # A connection is not shared with a child.
        connections.close_all()
        return Child(place, is_stopping=lambda: bool(self._is_stopping.value))


class Child:
    def __init__(self, place: int, *, is_stopping: Callable[[], bool]) -> None:
        self._timer = Timer()
        self.process = multiprocessing.get_context("fork").Process(
            target=_work, args=(place, self._timer, is_stopping), name=f"worker-{place}", daemon=True
        )
        self.process.start()

    def is_overdue(self) -> bool:
        return self.process.is_alive() and monotonic() > self._timer.ends_at

    def is_recycled(self) -> bool:
        return self._timer.value == RECYCLED


class Timer:
    """What django-q2's worker reports about its task: the seconds that it may take, or that there is none (-1), or that it ends (-2, 0).

    Parent and child share it without a lock.
    """

    def __init__(self) -> None:
        self._seconds, self._ends_at = RawValue("d", -1), RawValue("d", inf)

    @property
    def value(self) -> float:
        return float(self._seconds.value)

    @value.setter
    def value(self, seconds: float) -> None:
        self._ends_at.value = monotonic() + seconds if seconds > 0 else inf
        self._seconds.value = seconds

    @property
    def ends_at(self) -> float:
        """On the monotonic clock, which the processes of a machine share; infinite without a task."""
        return float(self._ends_at.value)

    def get_lock(self) -> AbstractContextManager[None]:
        return nullcontext()


class Tasks:
    """Replaces the queue that django-q2's worker reads and its pusher fills."""

    def __init__(
        self,
        broker: Broker,
        *,
        timer: Timer,
        is_stopping: Callable[[], bool],
        rest_seconds: float = REST_SECONDS,
    ) -> None:
        self._broker = broker
        self._timer = timer
        self._is_stopping = is_stopping
        self._rest_seconds = rest_seconds
        self._taken: list[dict[str, Any]] = []
        self._has_worked = False

    def get(self) -> dict[str, Any] | str:
        """Wait for a task, or for the moment to end.

        Work makes a child large, for what it touches is no longer shared with the parent: after a rest a fresh one takes its place.
        """
        ends_at = monotonic() + self._rest_seconds if self._has_worked else inf
        one_round = SimpleNamespace(is_set=lambda: True)
        while not self._is_stopping() and monotonic() < ends_at:
            pusher(SimpleNamespace(put=self._taken.append), one_round, self._broker)
            if self._taken:
                self._has_worked = True
                return self._taken.pop()
        self._timer.value = RECYCLED
        return NO_MORE


class Results:
    """Replaces the queue that django-q2's worker writes to and its monitor reads."""

    def __init__(self, broker: Broker, *, is_stopping: Callable[[], bool]) -> None:
        self._broker = broker
        self._is_stopping = is_stopping

    def put(self, task: dict[str, Any]) -> None:
        """Save the result and take the task from the queue, however long the database is away.

        A task that could not be taken from it is run once more, later: each is safe to run twice. Each round begins with a connection
        that works: where django-q2 cannot connect to save a result, it logs that, and takes the task from the queue all the same.
        """
        while not self._is_saved(task) and not self._is_stopping():
            sleep(TRY_AGAIN_SECONDS)

    def _is_saved(self, task: dict[str, Any]) -> bool:
        try:
            close_old_connections()
            connection.ensure_connection()
            # It changes the task that it reads, and ends at what it reads next.
            monitor(SimpleNamespace(get=iter((dict(task), NO_MORE)).__next__), self._broker)
        except (OperationalError, InterfaceError):
            logger.warning("A task's result cannot be saved; retrying", exc_info=True)
            return False
        return True


def _work(place: int, timer: Timer, is_stopping: Callable[[], bool]) -> None:
    """What a child does from its first to its last moment."""
    broker = get_broker()
    # Wake children in order, so that idle ones keep sharing the parent's memory.
    broker.hesitate_seconds = place * HESITATE_SECONDS
    tasks = Tasks(broker, timer=timer, is_stopping=is_stopping)
    try:
        worker(tasks, Results(broker, is_stopping=is_stopping), timer, Conf.TIMEOUT)
    except Exception:
        logger.exception("A process of the worker broke")
        raise SystemExit(1) from None
