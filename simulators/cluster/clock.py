"""One thread that does what is due: a heap of timers, asleep in between. In simulated time, the caller that advances the clock does it."""

import heapq
import itertools
import logging
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from simulators.cluster.simulated_time import monotonic, simulated

log = logging.getLogger(__name__)


@dataclass(order=True)
class _Timer:
    due: float
    order: int
    work: Callable[[], None] = field(compare=False)
    patient: bool = field(compare=False)


class Clock:
    """Runs work one at a time; `failures` keeps what a piece of work raised."""

    def __init__(self) -> None:
        self.failures: list[Exception] = []
        self._timers: list[_Timer] = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._hurried = False
        self._busy = False
        self._stopped = False

    def start(self) -> None:
        if simulated():
            return
        self._thread = threading.Thread(target=self._run, name="demo-cluster-clock", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._wake:
            self._stopped = True
            self._timers.clear()
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join()

    def call_later(self, seconds: float, work: Callable[[], None], *, patient: bool = False) -> None:
        """Runs `work` after that many seconds. Patient work (retries, deadlines) is never hurried."""
        with self._wake:
            timer = _Timer(monotonic() + seconds, next(self._order), work, patient)
            heapq.heappush(self._timers, timer)
            if self._timers[0] is timer or self._hurried:
                self._wake.notify_all()

    def settle(self, *, timeout_seconds: float) -> None:
        """Runs everything but patient work without waiting for its time; raises TimeoutError when it never ends."""
        with self._wake:
            self._hurried = True
            self._wake.notify_all()
            try:
                if not self._wake.wait_for(self._is_settled, timeout_seconds):
                    raise TimeoutError("The demo cluster does not come to rest.")
            finally:
                self._hurried = False

    def pass_time(self, seconds: float) -> None:
        """Moves the simulated time on, and does what becomes due at its moment. Raises RuntimeError in the machine's own time."""
        present = simulated()
        if present is None:
            raise RuntimeError("Only a simulated time can be moved on.")
        until = present.passed_seconds + seconds
        while timer := self._due_by(until):
            present.passed_seconds = max(present.passed_seconds, timer.due)
            self._do(timer.work)
        present.passed_seconds = until

    def _due_by(self, moment: float) -> _Timer | None:
        with self._wake:
            is_due = self._timers and self._timers[0].due <= moment
            return heapq.heappop(self._timers) if is_due else None

    def _is_settled(self) -> bool:
        return self._stopped or (not self._busy and all(timer.patient for timer in self._timers))

    def _next(self) -> _Timer | None:
        """Waits for the next piece of work; None at the end."""
        with self._wake:
            self._busy = False
            while not self._stopped:
                if timer := self._due():
                    self._busy = True
                    return timer
                self._wake.notify_all() if self._hurried else None
                self._wake.wait(max(0.0, self._timers[0].due - monotonic()) if self._timers else None)
            return None

    def _due(self) -> _Timer | None:
        if self._hurried and (hasty := [timer for timer in self._timers if not timer.patient]):
            first = min(hasty)
            self._timers.remove(first)
            heapq.heapify(self._timers)
            return first
        if self._timers and self._timers[0].due <= monotonic():
            return heapq.heappop(self._timers)
        return None

    def _run(self) -> None:
        while timer := self._next():
            self._do(timer.work)

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            log.exception("The demo cluster tripped over its own work.")
            self.failures.append(error)


_K = TypeVar("_K", bound=Hashable)


class WorkQueue(Generic[_K]):
    """Calls `work(key)` soon, once for any number of requests made before it starts."""

    def __init__(self, clock: Clock, work: Callable[[_K], None]) -> None:
        self._clock = clock
        self._work = work
        self._waiting: set[_K] = set()
        self._lock = threading.Lock()
        self.delay_seconds = 0.0

    def add(self, key: _K) -> None:
        with self._lock:
            if key in self._waiting:
                return
            self._waiting.add(key)
        self._clock.call_later(self.delay_seconds, lambda: self._do(key))

    def _do(self, key: _K) -> None:
        with self._lock:
            self._waiting.discard(key)
        self._work(key)
