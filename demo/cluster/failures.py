"""Switches that make the server fail, and the log of what it was asked."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from demo.cluster.errors import asked_for
from demo.cluster.requests import Request


class DroppedConnection(Exception):  # noqa: N818 - it is a way to end, not a mistake
    """The connection is to be closed without an answer."""


@dataclass
class Failure:
    """What happens to the next `times` requests that fit; `after` lets the request take effect first."""

    times: int
    method: str | None = None
    path_contains: str = ""
    status: int = 0
    retry_after: int | None = None
    hang_seconds: float = 0
    drop: bool = False
    after: bool = False

    def fits(self, request: Request, *, after: bool) -> bool:
        method = self.method is None or self.method.upper() == request.method
        return self.times > 0 and self.after == after and method and self.path_contains in request.path


class Failures:
    def __init__(self) -> None:
        self._planned: list[Failure] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def plan(self, failure: Failure) -> None:
        with self._lock:
            self._planned.append(failure)

    def clear(self) -> None:
        with self._lock:
            self._planned.clear()

    def stop(self) -> None:
        """Lets hanging requests go."""
        self._stopping.set()

    def strike(self, request: Request, *, after: bool) -> None:
        """Does what was planned for such a request: waits, raises an ApiError or DroppedConnection."""
        with self._lock:
            failure = next((one for one in self._planned if one.fits(request, after=after)), None)
            if failure is None:
                return
            failure.times -= 1
        if failure.hang_seconds:
            self._stopping.wait(failure.hang_seconds)
        if failure.drop:
            raise DroppedConnection
        if failure.status:
            raise asked_for(failure.status, retry_after=failure.retry_after)


@dataclass(frozen=True)
class Entry:
    """One request as it was answered; `status` is 0 when the connection was dropped."""

    method: str
    path: str
    query: dict[str, str]
    user: str
    status: int
    content_type: str
    body: str


@dataclass
class RequestLog:
    """The requests since the last `clear()`, oldest first."""

    entries: list[Entry] = field(default_factory=list)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self.entries))

    def __len__(self) -> int:
        return len(self.entries)

    def clear(self) -> None:
        self.entries.clear()

    def matching(self, *, method: str | None = None, path_contains: str = "") -> list[Entry]:
        return [one for one in self if method in (None, one.method) and path_contains in one.path]
