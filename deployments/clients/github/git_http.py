"""HTTP to a git host for dulwich: one host only, bounded in time, and every failure a typed error."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, LocationValueError, MaxRetryError, SSLError, TimeoutError  # noqa: A004

from deployments.clients.github.answer import rate_limit
from deployments.clients.github.errors import (
    GitHubError,
    GitHubNotFound,
    GitHubOverloaded,
    GitHubRefused,
    GitHubUnavailable,
)
from deployments.clients.timely_http import keep_in_time

_OWN_TYPES = "application/x-git-upload-pack-"
_REDIRECTS = 3
_ERRORS_FROM = 400
_SERVER_ERRORS_FROM = 500


@dataclass
class Landing:
    """The name, `owner/repository`, under which the host answered; empty before it did."""

    name: str = ""


class OneHost(urllib3.PoolManager):
    """Asks `origin` and no other, even when redirected; threads may share it. Raises GitHubError."""

    def __init__(self, origin: str, *, timeout_seconds: float) -> None:
        super().__init__(headers={"User-Agent": "git/Headway"}, maxsize=8)
        keep_in_time(self)
        self._origin = _origin(origin)
        self._prefix = urlsplit(origin).path.rstrip("/")
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._local = threading.local()
        self.requests = 0

    @contextmanager
    def watched(self) -> Iterator[Landing]:
        """The landing of what this thread asks meanwhile."""
        self._local.landing = Landing()
        try:
            yield self._local.landing
        finally:
            del self._local.landing

    def urlopen(self, method: str, url: str, redirect: bool = True, **kw: Any) -> urllib3.BaseHTTPResponse:  # type: ignore[override]
        """The answer at the end of the redirects, and only git's own. Called again for each redirect."""
        if _origin(url) != self._origin:
            raise GitHubRefused(
                "The git host redirects to another host, which is not asked. Check GITHUB_URL and the repository's name."
            )
        with self._lock:
            self.requests += 1
        kw.setdefault(
            "retries", urllib3.Retry(_REDIRECTS, connect=0, read=0, status=0, other=0, redirect=_REDIRECTS)
        )
        try:
            response = super().urlopen(method, url, redirect=redirect, **kw)
        except HTTPError as error:
            raise self._problem(error) from error
        self._check(response)
        if url.endswith("/info/refs?service=git-upload-pack") and hasattr(self._local, "landing"):
            name = urlsplit(url).path.removeprefix(self._prefix).removesuffix("/info/refs")
            self._local.landing.name = self._local.landing.name or name.strip("/").removesuffix(".git")
        return response

    def _check(self, response: urllib3.BaseHTTPResponse) -> None:
        """Raise what a status or another kind of answer means; dulwich would take an HTML page for a list of refs."""
        kind = response.headers.get("content-type", "")
        if response.status < _ERRORS_FROM and kind.startswith(_OWN_TYPES):
            return
        response.close()
        raise _error_for(response.status, response.headers)

    def _problem(self, error: HTTPError) -> GitHubError:
        cause = error.reason if isinstance(error, MaxRetryError) else error
        if isinstance(cause, TimeoutError) and not isinstance(cause, urllib3.exceptions.NewConnectionError):
            return GitHubOverloaded(
                f"The git host did not answer within {self._timeout_seconds:g} seconds. Try again in a minute."
            )
        if isinstance(cause, SSLError):
            return GitHubUnavailable(
                "The git host's certificate is not trusted here. Check GITHUB_URL and this machine's certificates."
            )
        if isinstance(cause, LocationValueError):
            return GitHubUnavailable("The git host has no name that can be asked. Correct GITHUB_URL.")
        return GitHubUnavailable("The git host cannot be reached. Check the network and GITHUB_URL.")


def _error_for(status: int, headers: Any) -> GitHubError:
    if status in {401, 403, 404} and "retry-after" not in headers:
        # GitHub answers 401 for what is private and for what is not there.
        return GitHubNotFound(
            "The git host shows no such repository to everyone. Check its name, or give Headway a token that can read it."
        )
    if status in {403, 429}:
        return rate_limit({name.lower(): value for name, value in headers.items()})
    if status >= _SERVER_ERRORS_FROM:
        return GitHubOverloaded(f"The git host failed (HTTP {status}). Try again in a minute.")
    return GitHubUnavailable(
        f"The git host answers with something that is not git's (HTTP {status}). Check GITHUB_URL, or try again in a minute."
    )


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()
