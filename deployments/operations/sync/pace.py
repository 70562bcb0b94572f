"""How fast one registry is queried: as fast as it answers, until it answers 429; then at the rate it allows."""

import threading
from collections.abc import Callable
from time import monotonic

LEAST_WAIT_SECONDS = 0.1
LONGEST_GAP_SECONDS = 1.0
BRIEF_WAITS_SECONDS = (0.5, 1.0, 2.0, 4.0)
"""Where a registry does not say for how long: a burst is over by then, and what is not is a limit of hours."""


class Pace:
    """For any number of threads. Nothing is waited for that ends later than `ends_at`, a moment of `clock`."""

    def __init__(self, *, ends_at: float, clock: Callable[[], float] = monotonic) -> None:
        self._ends_at = ends_at
        self._clock = clock
        self._lock = threading.Lock()
        self._next_at = self._since = clock()
        self._gap = 0.0
        self._answered = 0
        self._brief_waits = list(BRIEF_WAITS_SECONDS)

    def turn(self) -> float:
        """Seconds until the caller may try again; 0 where it is its turn, which is taken with that."""
        with self._lock:
            now = self._clock()
            if now < self._next_at:
                return self._next_at - now
            self._next_at = now + self._gap
            return 0.0

    def note_answer(self) -> None:
        with self._lock:
            self._answered += 1

    def wait_out_briefly(self) -> bool:
        """The same of a limit that does not say for how long; not after it was met again and again."""
        with self._lock:
            if self._clock() < self._since:
                # Another thread met it at the same time.
                return True
            seconds = self._brief_waits.pop(0) if self._brief_waits else None
        return self.wait_out(seconds)

    def wait_out(self, seconds: float | None) -> bool:
        """Whether a limit is waited out, for as long as the registry said; not where it did not say, or says too long.

        From then on questions are spread: as many as it answered since the last limit take as long as that took, with the wait.
        """
        if seconds is None:
            return False
        with self._lock:
            now = self._clock()
            until = now + max(seconds, LEAST_WAIT_SECONDS)
            if until > self._ends_at:
                return False
            # Requests sent at the same time hit the same limit: it counts once.
            if self._since <= now:
                took = until - self._since
                gap = max(2 * self._gap, took / max(self._answered, 1))
                self._gap, self._since, self._answered = min(gap, LONGEST_GAP_SECONDS), until, 0
            self._next_at = max(self._next_at, until)
            return True
