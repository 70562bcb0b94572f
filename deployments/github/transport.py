"""One conversation with GitHub over HTTP: headers, limits, and errors by type."""

from datetime import UTC, datetime, timedelta
from typing import Any, Self

import requests

from deployments.github.errors import (
    GitHubError,
    GitHubNotFound,
    GitHubRateLimited,
    GitHubRefused,
    GitHubUnavailable,
)

USER_AGENT = "Headway"
API_VERSION = "2022-11-28"
CONNECT_TIMEOUT_SECONDS = 5
LONGEST_ANSWER_BYTES = 32 * 1024 * 1024
SECONDARY_LIMIT = timedelta(seconds=60)
BAD_TOKEN = "GitHub does not accept the token: it is wrong, expired or revoked. Set GITHUB_TOKEN anew."  # noqa: S105


class Transport:
    """Sends requests to one API address, and only there: the token never goes to another host."""

    def __init__(self, *, token: str, api_url: str, timeout_seconds: float) -> None:
        self.api_url = api_url.rstrip("/")
        self._timeout = (min(CONNECT_TIMEOUT_SECONDS, timeout_seconds), timeout_seconds)
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": USER_AGENT, "X-GitHub-Api-Version": API_VERSION})
        if token:
            self._session.headers["Authorization"] = f"bearer {token}"

    @property
    def graphql_url(self) -> str:
        """Enterprise Server answers at /api/graphql beside /api/v3; github.com below the API's address."""
        base = self.api_url
        return f"{base.removesuffix('/v3')}/graphql" if base.endswith("/api/v3") else f"{base}/graphql"

    def graphql(self, query: str, variables: dict[str, str]) -> dict[str, Any]:
        """Return the answer with `data` and `errors`, as GitHub sent it."""
        answer = self._send("POST", self.graphql_url, json={"query": query, "variables": variables})
        return self._json(answer)

    def get(self, path: str, params: dict[str, int] | None = None) -> dict[str, Any]:
        """GET a path of the REST API; a renamed repository is followed on the same host."""
        url = self.api_url + path
        for _ in range(3):
            answer = self._send("GET", url, params=params, headers={"Accept": "application/vnd.github+json"})
            location = answer.headers.get("Location", "")
            if answer.status_code not in (301, 302, 307, 308):
                return self._json(answer)
            if not location.startswith(self.api_url + "/"):
                raise GitHubRefused("GitHub sent us to another host: the token was not taken there.")
            url, params = location, None
        raise GitHubUnavailable("GitHub sends us around in a circle. Try again later.")

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, method: str, url: str, **options: Any) -> requests.Response:
        try:
            # Redirects are followed by hand: the library would take the token along to the same host's other ports.
            answer = self._session.request(
                method, url, timeout=self._timeout, allow_redirects=False, stream=True, **options
            )
            _read_bounded(answer)
        except requests.Timeout as error:
            raise GitHubUnavailable(
                f"GitHub did not answer within {self._timeout[1]:.0f} s. Try again later."
            ) from error
        except requests.RequestException as error:
            sentence = "GitHub cannot be reached. Check the network, then try again."
            raise GitHubUnavailable(
                sentence, is_network=isinstance(error, requests.ConnectionError)
            ) from error
        _raise_for_status(answer)
        return answer

    @staticmethod
    def _json(answer: requests.Response) -> dict[str, Any]:
        try:
            value = answer.json()
        except requests.JSONDecodeError as error:
            raise GitHubUnavailable("GitHub answered something unreadable. Try again later.") from error
        if not isinstance(value, dict):
            raise GitHubUnavailable("GitHub answered something unexpected. Try again later.")
        return value


def _read_bounded(answer: requests.Response) -> None:
    """Read the body, of which GitHub's compare may send megabytes of patches, up to a bound."""
    body = bytearray()
    for piece in answer.iter_content(64 * 1024):
        body += piece
        if len(body) > LONGEST_ANSWER_BYTES:
            answer.close()
            raise GitHubUnavailable("GitHub's answer is too long to be read.")
    answer._content = bytes(body)  # noqa: SLF001  requests keeps a streamed body nowhere else


def _raise_for_status(answer: requests.Response) -> None:
    status = answer.status_code
    if status < 400:  # noqa: PLR2004  HTTP's own border between answers and errors
        return
    if limited := rate_limit_of(answer):
        raise limited
    raise _error_for(status, answer)


def _error_for(status: int, answer: requests.Response) -> GitHubError:
    said = message_of(answer)
    match status:
        case 401:
            return GitHubRefused(BAD_TOKEN)
        case 403 if "X-GitHub-SSO" in answer.headers:
            return GitHubRefused(
                "The organisation demands single sign-on: authorise the token for it on GitHub."
            )
        case 403:
            return GitHubRefused(f"GitHub refuses: {said}. Grant the token what it asks for.")
        case 404:
            return GitHubNotFound("GitHub knows no such repository or commit, or the token may not see it.")
        case 422:
            return GitHubNotFound(f"GitHub knows no such commit: {said}.")
        case _:
            return GitHubUnavailable(f"GitHub answered with status {status}. Try again later.")


def rate_limit_of(answer: requests.Response) -> GitHubRateLimited | None:
    """Return the limit that this answer tells of; None where it is about something else.

    https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    if answer.status_code not in (403, 429):
        return None
    now = datetime.now(UTC)
    if wait := answer.headers.get("Retry-After", ""):
        return (
            GitHubRateLimited(now + timedelta(seconds=int(wait)))
            if wait.isdigit()
            else GitHubRateLimited(None)
        )
    if answer.headers.get("X-RateLimit-Remaining") == "0":
        return GitHubRateLimited(reset_of(answer))
    if answer.status_code == 429 or "secondary rate limit" in message_of(answer).lower():  # noqa: PLR2004
        return GitHubRateLimited(now + SECONDARY_LIMIT)
    return None


def reset_of(answer: requests.Response) -> datetime | None:
    reset = answer.headers.get("X-RateLimit-Reset", "")
    return datetime.fromtimestamp(int(reset), UTC) if reset.isdigit() else None


def message_of(answer: requests.Response) -> str:
    try:
        return str(answer.json().get("message", ""))[:200].rstrip(".")
    except (requests.JSONDecodeError, AttributeError):
        return f"status {answer.status_code}"
