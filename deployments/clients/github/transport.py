"""HTTP to GitHub: bounded in time and size, the token kept to one host, every failure a typed error."""

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.auth import AuthBase

from deployments.clients.deadline import within
from deployments.clients.github.accounts import Account
from deployments.clients.github.answer import Answer, Budget, budget_in, raise_for_status
from deployments.clients.github.errors import GitHubOverloaded, GitHubRefused, GitHubUnavailable
from deployments.clients.timely_http import session

_USER_AGENT = "Headway"
READ_BYTES = 8 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_REDIRECTS = 3
_BROKEN_OFF = "GitHub broke off before its answer was whole. Try again in a minute."


class _Bearer(AuthBase):
    """Set as `auth` so that requests never takes another password from ~/.netrc."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"bearer {self._token}"
        return request


class Transport:
    """One session with GitHub for every account; counts `requests` and keeps each account's last reported `budgets`."""

    def __init__(self, *, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._session = session()
        self.requests = 0
        self.budgets: dict[str, Budget] = {}

    def close(self) -> None:
        self._session.close()

    def send(
        self, method: str, url: str, *, account: Account, read_bytes: int = READ_BYTES, body: Any = None
    ) -> Answer:
        """The first answer that is not a redirect, all within one deadline. Raises GitHubError; only redirects on the same host are followed."""
        with within(self._timeout_seconds):
            for _ in range(_REDIRECTS):
                answer = self._exchange(method, url, account=account, read_bytes=read_bytes, body=body)
                if budget := budget_in(answer.headers):
                    self.budgets[account.name] = budget
                if answer.status not in {301, 302, 307, 308}:
                    raise_for_status(answer, advice=account.advice)
                    return answer
                url = _next_url(url, answer.headers.get("location", ""))
        raise GitHubUnavailable("GitHub redirects in a loop. Check GITHUB_API_URL.")

    def _exchange(self, method: str, url: str, *, account: Account, read_bytes: int, body: Any) -> Answer:
        self.requests += 1
        headers = {
            "User-Agent": _USER_AGENT,
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        with (
            _plain_errors(self._timeout_seconds),
            self._session.request(
                method,
                url,
                json=body,
                headers=headers,
                auth=_Bearer(account.token),
                timeout=self._timeout_seconds,
                stream=True,
                allow_redirects=False,
            ) as response,
        ):
            data, is_cut = _read(response, read_bytes)
            return Answer(response.status_code, response.headers, data, is_cut)


def _read(response: requests.Response, limit: int) -> tuple[bytes, bool]:
    """The body and whether it continued past `limit` bytes."""
    chunks, size = [], 0
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            return b"".join(chunks)[:limit], True
    return b"".join(chunks), False


@contextlib.contextmanager
def _plain_errors(timeout_seconds: float) -> Iterator[None]:
    try:
        yield
    except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise GitHubOverloaded(
            f"GitHub did not answer within {timeout_seconds:g} seconds. Try again in a minute."
        ) from error
    except requests.exceptions.SSLError as error:
        raise GitHubUnavailable(
            "GitHub's certificate is not trusted here. Check GITHUB_API_URL and this machine's certificates."
        ) from error
    except (requests.exceptions.ChunkedEncodingError, urllib3.exceptions.HTTPError) as error:
        raise GitHubOverloaded(_BROKEN_OFF) from error
    except (requests.exceptions.RequestException, ValueError) as error:
        # requests parses even a redirect that it must not follow, and raises what urllib.parse does.
        if any(isinstance(each, urllib3.exceptions.ProtocolError) for each in error.args):
            raise GitHubOverloaded(_BROKEN_OFF) from error
        raise GitHubUnavailable(
            "GitHub cannot be reached. Check the network, GITHUB_API_URL and githubstatus.com."
        ) from error


def _next_url(url: str, location: str) -> str:
    target = urljoin(url, location)
    before, after = urlsplit(url), urlsplit(target)
    if not location or (before.scheme, before.netloc) != (after.scheme, after.netloc):
        raise GitHubRefused(
            "GitHub redirects to another host, where the token is not sent. Check GITHUB_API_URL."
        )
    return target
