"""The ways in which GitHub fails, on request, and the limits that it counts down."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from simulators.github.answers import error_response
from simulators.loopback import Request, Response


class Failure(StrEnum):
    UNAUTHORIZED = "401, bad credentials"
    FORBIDDEN = "403, an IP allow list"
    NOT_FOUND = "404, of REST alone, which does not show yet what GraphQL shows"
    RATE_LIMITED = "the primary limit: 200 and RATE_LIMITED for GraphQL, 403 for REST"
    SECONDARY_LIMIT = "403 with retry-after"
    BAD_GATEWAY = "502 with HTML"
    SOMETHING_WENT_WRONG = "200, an error without type or path, and no data"
    RESOURCE_LIMITS = "200, RESOURCE_LIMITS_EXCEEDED, and no data"
    NOT_JSON = "200, and HTML of a proxy in between"
    TRUNCATED = "half of the true answer, then the end"
    DROPPED = "no answer at all"
    HANG = "silence until the client gives up"


RESOURCE_LIMITS_ERROR = {
    "type": "RESOURCE_LIMITS_EXCEEDED",
    "message": "Resource limits for this query exceeded.",
}
SOMETHING_WENT_WRONG_ERROR = {
    "message": "Something went wrong while executing your query. This may be the result of a timeout, or it could be a "
    "GitHub bug. Please include `0400:3F9C` when reporting this issue."
}
UNICORN = b"<!DOCTYPE html><html><head><title>Unicorn! &middot; GitHub</title></head><body>502</body></html>"


@dataclass
class Limit:
    """One hourly budget; `retry_after_seconds` is what the secondary limit sends."""

    limit: int = 5000
    used: int = 0
    resets_at: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(hours=1))
    retry_after_seconds: int = 60

    @property
    def remaining(self) -> int:
        return max(self.limit - self.used, 0)

    @remaining.setter
    def remaining(self, value: int) -> None:
        self.used = self.limit - value

    def spend(self, cost: int = 1) -> bool:
        """False when there was nothing left to spend. A new hour starts automatically."""
        if datetime.now(UTC) >= self.resets_at:
            self.used, self.resets_at = 0, datetime.now(UTC) + timedelta(hours=1)
        if self.remaining < cost:
            self.used = self.limit
            return False
        self.used += cost
        return True

    def headers(self, resource: str) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Used": str(self.used),
            "X-RateLimit-Reset": str(int(self.resets_at.timestamp())),
            "X-RateLimit-Resource": resource,
        }

    def as_json(self) -> dict[str, int]:
        reset = int(self.resets_at.timestamp())
        return {"limit": self.limit, "used": self.used, "remaining": self.remaining, "reset": reset}


class Failures:
    """What fails next, and which repositories make every request that names them fail."""

    def __init__(self) -> None:
        self._next: list[Failure] = []
        self._poisoned: dict[str, Failure] = {}

    def fail_next(self, failure: Failure, times: int = 1) -> None:
        self._next += [failure] * times

    def poison(self, full_name: str, failure: Failure) -> None:
        """Every request that names this repository fails so, until `heal`."""
        self._poisoned[full_name.lower()] = failure

    def heal(self) -> None:
        self._next.clear()
        self._poisoned.clear()

    def due(self, named: frozenset[str]) -> Failure | None:
        """The failure for a request that names these repositories (`owner/name`, lower case)."""
        if self._next:
            return self._next.pop(0)
        return next((failure for name, failure in self._poisoned.items() if name in named), None)


@dataclass(frozen=True)
class Logged:
    """One request that came in; `repositories` are those it names, in lower case."""

    method: str
    path: str
    repositories: frozenset[str]
    at: float = field(default_factory=time.monotonic)
    request: Request | None = None


def plain_failure(failure: Failure, limit: Limit) -> Response | None:
    """The answer for the failures that look alike in GraphQL and REST; None for the others."""
    if failure is Failure.BAD_GATEWAY:
        return Response(status=502, headers={"Content-Type": "text/html"}, body=UNICORN)
    if failure is Failure.NOT_JSON:
        return Response(headers={"Content-Type": "text/html"}, body=b"<h1>Please log in to the network</h1>")
    if failure is Failure.DROPPED:
        return Response(dropped=True)
    return {
        Failure.UNAUTHORIZED: lambda: error_response(401, "Bad credentials"),
        Failure.FORBIDDEN: lambda: error_response(
            403,
            "Although you appear to have the correct authorization credentials, the organization has an IP allow list enabled.",
        ),
        Failure.NOT_FOUND: lambda: error_response(404, "Not Found"),
        Failure.SECONDARY_LIMIT: lambda: error_response(
            403,
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
            {"Retry-After": str(limit.retry_after_seconds)},
        ),
    }.get(failure, lambda: None)()
