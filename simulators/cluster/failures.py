"""Switches that make the server fail."""

import threading
from dataclasses import dataclass

from simulators.cluster.errors import asked_for
from simulators.cluster.requests import Request


class DroppedConnection(Exception):
    """The connection is to be closed without an answer."""


@dataclass
class Failure:
    """What happens to the next `times` requests that fit, but for the first `skip`; `after` lets the request take effect first.

    `dry_run` selects requests that only try a change, or those that make it; None: both match.
    """

    times: int
    method: str | None = None
    path_contains: str = ""
    dry_run: bool | None = None
    status: int = 0
    message: str = ""
    retry_after: int | None = None
    hang_seconds: float = 0
    drop: bool = False
    after: bool = False
    skip: int = 0

    def fits(self, request: Request, *, after: bool) -> bool:
        method = self.method is None or self.method.upper() == request.method
        tries = self.dry_run in {None, "dryRun" in request.query}
        return (
            self.times > 0 and self.after == after and method and tries and self.path_contains in request.path
        )


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
            if failure.skip:
                failure.skip -= 1
                return
            failure.times -= 1
        if failure.hang_seconds:
            self._stopping.wait(failure.hang_seconds)
        if failure.drop:
            raise DroppedConnection
        if failure.status:
            raise asked_for(failure.status, message=failure.message, retry_after=failure.retry_after)


class Switches:
    """How a test makes the cluster fail; a later switch waits for an earlier one that fits the same request."""

    failures: Failures

    def fail_next(
        self,
        status: int,
        times: int = 1,
        *,
        method: str | None = None,
        path_contains: str = "",
        retry_after: int | None = None,
        message: str = "",
        dry_run: bool | None = None,
    ) -> None:
        """The next requests that fit are refused with this status, and have no effect; `message` replaces the usual one."""
        failure = Failure(
            times,
            method,
            path_contains,
            dry_run,
            status=status,
            message=message,
            retry_after=retry_after,
        )
        self.failures.plan(failure)

    def hang(
        self,
        seconds: float,
        times: int = 1,
        *,
        method: str | None = None,
        path_contains: str = "",
        after: bool = False,
    ) -> None:
        """The next requests that fit wait so long, before they take effect or `after`."""
        self.failures.plan(Failure(times, method, path_contains, hang_seconds=seconds, after=after))

    def drop_connection(
        self,
        times: int = 1,
        *,
        method: str | None = None,
        path_contains: str = "",
        after: bool = False,
        skip: int = 0,
    ) -> None:
        """The next requests that fit, but for the first `skip`, get no answer at all, `after` them having taken effect if asked."""
        self.failures.plan(Failure(times, method, path_contains, drop=True, after=after, skip=skip))
