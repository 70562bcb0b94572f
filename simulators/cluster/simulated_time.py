"""The time in a cluster: the machine's own, or one that a test advances, so that a month passes in minutes."""

import time
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

INSTANT_SECONDS = 0.001
"""What is left to wait for counts as over below that: sums of seconds are not exact."""


class SimulatedTime:
    """While entered, it is the time of every cluster in this process. It moves by `DemoCluster.pass_time` alone."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self.passed_seconds = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.passed_seconds)

    def __enter__(self) -> Self:
        _entered.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _entered.remove(self)


_entered: list[SimulatedTime] = []


def simulated() -> SimulatedTime | None:
    """The one that is entered; None where the machine's own time counts."""
    return _entered[-1] if _entered else None


def now() -> datetime:
    present = simulated()
    return present.now() if present else datetime.now(UTC)


def monotonic() -> float:
    """Seconds since some moment, which only grow."""
    present = simulated()
    return present.passed_seconds if present else time.monotonic()
