"""Switches that make the registry fail."""

import math
import threading
import time
from dataclasses import dataclass, field

from simulators.loopback import Request, Response
from simulators.registry import replies
from simulators.registry.oddities import Oddity

_ERRORS = {
    401: ("UNAUTHORIZED", "authentication required"),
    403: ("DENIED", "requested access to the resource is denied"),
    429: ("TOOMANYREQUESTS", "too many requests"),
}


@dataclass
class Failure:
    """What happens to the next `times` requests whose path contains `path_contains`."""

    times: int
    path_contains: str = ""
    status: int = 0
    retry_after: str = ""
    hang_seconds: float = 0.0
    location: str = ""
    drop: bool = False
    oddity: Oddity | None = None

    def fits(self, request: Request) -> bool:
        is_asked = self.oddity is None or request.method in self.oddity.methods
        return self.times > 0 and self.path_contains in request.path and is_asked


@dataclass
class Limit:
    """So many manifests in so many seconds; more get 429 with the seconds that are left."""

    requests: int
    seconds: float
    _begun: list[float] = field(default_factory=list)

    def refusal(self, now: float) -> Response | None:
        self._begun = [each for each in self._begun if now - each < self.seconds]
        if len(self._begun) < self.requests:
            self._begun.append(now)
            return None
        left = math.ceil(self._begun[0] + self.seconds - now)
        code, message = _ERRORS[429]
        return replies.error(429, code, message, {"Retry-After": str(max(left, 1))})


class Failures:
    """`stopping` ends the waiting of requests that hang."""

    def __init__(self, stopping: threading.Event) -> None:
        self._planned: list[Failure] = []
        self._lock = threading.Lock()
        self._stopping = stopping
        self.limit: Limit | None = None

    def plan(self, failure: Failure) -> None:
        with self._lock:
            self._planned.append(failure)

    def clear(self) -> None:
        with self._lock:
            self._planned.clear()

    def strike(self, request: Request) -> Response | None:
        """The answer that was planned for such a request, after its wait; None to continue as usual."""
        with self._lock:
            failure = next((one for one in self._planned if one.fits(request)), None)
            if failure is None:
                is_counted = self.limit and "/manifests/" in request.path
                return self.limit.refusal(time.monotonic()) if self.limit and is_counted else None
            failure.times -= 1
        if failure.hang_seconds:
            self._stopping.wait(failure.hang_seconds)
        return _reply(failure)


def _reply(failure: Failure) -> Response | None:
    if failure.drop:
        return Response(dropped=True)
    if failure.oddity:
        given = {
            "Content-Type": failure.oddity.media_type,
            "Docker-Content-Digest": failure.oddity.digest,
        }
        headers = {name: value for name, value in given.items() if value}
        return Response(status=failure.oddity.status, headers=headers, body=failure.oddity.body)
    if failure.location:
        return Response(status=failure.status, headers={"Location": failure.location})
    if not failure.status:
        return None
    code, message = _ERRORS.get(failure.status, ("UNKNOWN", "unknown error"))
    headers = {"Retry-After": failure.retry_after} if failure.retry_after else {}
    return replies.error(failure.status, code, message, headers)


class Switches:
    """How a test makes the registry fail; of two switches that fit, the earlier one goes first."""

    failures: Failures

    def fail_next(
        self, status: int, times: int = 1, *, retry_after: float | str | None = None, path_contains: str = ""
    ) -> None:
        """The next requests get this status; `retry_after` is the header's value: seconds, or a date as text."""
        wait = "" if retry_after is None else str(retry_after)
        self.failures.plan(Failure(times, path_contains, status=status, retry_after=wait))

    def limit_to(self, requests: int, *, seconds: float) -> None:
        """From now on so many manifests may be requested in so many seconds."""
        self.failures.limit = Limit(requests, seconds)

    def answer_oddly(self, oddity: Oddity, times: int = 99, *, path_contains: str = "/manifests/") -> None:
        """The next requests with one of its methods get this answer."""
        self.failures.plan(Failure(times, path_contains, oddity=oddity))

    def hang(self, seconds: float, times: int = 1, *, path_contains: str = "") -> None:
        """The next requests wait so long before they are answered."""
        self.failures.plan(Failure(times, path_contains, hang_seconds=seconds))

    def redirect_next(
        self, location: str, status: int = 307, times: int = 1, *, path_contains: str = ""
    ) -> None:
        self.failures.plan(Failure(times, path_contains, status=status, location=location))

    def drop_connection(self, times: int = 1, *, path_contains: str = "") -> None:
        """The next requests get no answer at all."""
        self.failures.plan(Failure(times, path_contains, drop=True))
