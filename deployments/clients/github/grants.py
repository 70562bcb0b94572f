"""What GitHub's answers say about a token: a classic token's scopes, and its expiry.

https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps#requested-scopes-and-granted-scopes
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deployments.rules.times import bounded

NEEDED_OF_AN_APP = ("checks", "contents", "metadata", "statuses")
"""What the question about heads reads; GitHub's roll-up of CI is made of checks and of statuses."""
_EXPIRY_FORMS = ("%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S %z")


@dataclass(frozen=True)
class Grant:
    scopes: frozenset[str] | None
    """None: the token is fine-grained or an App's, and GitHub does not expose its permissions."""
    expires_at: datetime | None
    """None: never, or GitHub does not say."""


def grant_in(headers: Mapping[str, str]) -> Grant:
    """The headers' names are compared without regard to case, as those of `requests` are."""
    scopes = headers.get("x-oauth-scopes")
    return Grant(
        scopes=None
        if scopes is None
        else frozenset(each.strip() for each in scopes.split(",") if each.strip()),
        expires_at=_moment(headers.get("github-authentication-token-expiration", "")),
    )


def lacking_in(permissions: Mapping[str, Any]) -> tuple[str, ...]:
    """What an App's installation may not read and should, of GitHub's `permissions`: read, write or admin by name.

    https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
    """
    return tuple(each for each in NEEDED_OF_AN_APP if permissions.get(each) not in {"read", "write", "admin"})


def _moment(text: str) -> datetime | None:
    for form in _EXPIRY_FORMS:
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007 -- one without a zone is taken for UTC
        except ValueError:
            continue
        return bounded(found)
    return None
