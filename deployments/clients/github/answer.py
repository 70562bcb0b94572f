"""One answer of GitHub's: its body, what is left of the budget, and which error its status means.

Facts: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api and
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from textwrap import shorten
from typing import Any

from deployments.clients.github.errors import (
    GitHubError,
    GitHubNotFound,
    GitHubOverloaded,
    GitHubRateLimited,
    GitHubRefused,
    GitHubTokenRefused,
)
from deployments.rules.times import parse_timestamp, parse_wait
from deployments.rules.wording import printable

SINGLE_SIGN_ON = "The organization demands single sign-on. Authorize the token for it at github.com/settings/tokens (Configure SSO)."
_WAIT_AFTER_SECONDARY_LIMIT = timedelta(seconds=60)
_TOO_LONG_TO_SHOW = 1000
_LACKS_PERMISSION = "Resource not accessible"
_DIGITS = len(str(2**31 - 1))
_NOT_JSON = (
    "GitHub sent something that is not its JSON: an error page, or a proxy in between. Try again in a minute."
)


@dataclass(frozen=True)
class Budget:
    """Points an hour, what is left of them, and when they reset (UTC)."""

    limit: int
    remaining: int
    resets_at: datetime


@dataclass(frozen=True)
class Answer:
    """A whole answer: `is_cut` when its body continued past the bytes that we read."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool

    def json(self) -> dict[str, Any]:
        """The body, a JSON object. Raises GitHubOverloaded when it is something else, as a proxy's error page is."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise GitHubOverloaded(_NOT_JSON) from error
        if not isinstance(value, dict):
            raise GitHubOverloaded(_NOT_JSON)
        return value


def budget_in(headers: Mapping[str, str]) -> Budget | None:
    """None when GitHub does not say, like GitHub Enterprise Server without limits."""
    resets_at = parse_timestamp(headers.get("x-ratelimit-reset"))
    limit, remaining = (_counted(headers.get(f"x-ratelimit-{name}")) for name in ("limit", "remaining"))
    if resets_at is None or limit is None or remaining is None:
        return None
    return Budget(limit=limit, remaining=remaining, resets_at=resets_at)


def _counted(text: str | None) -> int | None:
    """A number that a column of PostgreSQL's holds; None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < _DIGITS else None


def raise_for_status(answer: Answer, *, advice: str) -> None:
    """Nothing for an answer below 400. Raises the GitHubError that the status, the headers and GitHub's message indicate.

    `advice` says what to do about a token that is not accepted.
    """
    if answer.status < HTTPStatus.BAD_REQUEST:
        return
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise GitHubOverloaded(f"GitHub failed (HTTP {answer.status}). Try again in a minute.")
    if answer.status == HTTPStatus.UNAUTHORIZED:
        raise GitHubTokenRefused(advice)
    raise _refusal(answer)


def _refusal(answer: Answer) -> GitHubError:
    message = message_of(answer)
    if _is_rate_limit(answer, message):
        return rate_limit(answer.headers)
    if "x-github-sso" in answer.headers or "SAML" in message:
        return GitHubRefused(f"{SINGLE_SIGN_ON}{_sign_on_address(answer)}")
    if answer.status == HTTPStatus.NOT_FOUND:
        return GitHubNotFound(
            "GitHub has no such repository or commit, or this token has no access to it. Check the name and the token."
        )
    wanted = answer.headers.get("x-accepted-github-permissions", "")
    refusal = f"GitHub refuses (HTTP {answer.status})" + (f": “{message}”." if message else ".")
    if message and not lacks_permission(message):
        # An owner's policy, such as a list of addresses: its own message has the remedy.
        return GitHubRefused(refusal)
    return GitHubRefused(
        f"{refusal} {f'Grant the token {wanted}' if wanted else 'Check what the token may do'}."
    )


def lacks_permission(message: str) -> bool:
    """Whether GitHub's words are that the token was not granted something, and not that an owner's policy forbids it."""
    return message.startswith(_LACKS_PERMISSION)


def _sign_on_address(answer: Answer) -> str:
    """Of `required; url=https://…`, where that one organization's sign-on begins."""
    url = answer.headers.get("x-github-sso", "").partition("url=")[2].strip()
    return f" It begins at {url}" if url else ""


def _is_rate_limit(answer: Answer, message: str) -> bool:
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    return answer.status == HTTPStatus.FORBIDDEN and (
        "retry-after" in answer.headers
        or answer.headers.get("x-ratelimit-remaining") == "0"
        or "secondary rate limit" in message.lower()
    )


def message_of(answer: Answer) -> str:
    """GitHub's own words; empty when it sent none."""
    with contextlib.suppress(ValueError, AttributeError, RecursionError):
        return own_words(json.loads(answer.body).get("message", ""))
    return ""


def own_words(message: Any) -> str:
    """GitHub's message, without the full stop. A URL at its end is kept whole: only what is not a message is long enough to be cut."""
    return shorten(printable(str(message)), _TOO_LONG_TO_SHOW, placeholder=" …").rstrip(".")


def rate_limit(headers: Mapping[str, str]) -> GitHubRateLimited:
    """When to ask again: after `retry-after`, else at the budget's reset if it is used up, else in a minute at least."""
    now = datetime.now(UTC)
    if (wait := parse_wait(headers.get("retry-after"))) is not None:
        return GitHubRateLimited(now + wait, is_secondary=True)
    resets_at = parse_timestamp(headers.get("x-ratelimit-reset"))
    if resets_at and headers.get("x-ratelimit-remaining") == "0":
        return GitHubRateLimited(resets_at)
    return GitHubRateLimited(now + _WAIT_AFTER_SECONDARY_LIMIT, is_stated=False, is_secondary=True)
