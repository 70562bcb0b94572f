"""A GitHub App's credentials: one installation, and so one token, for each owner.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
and https://docs.github.com/en/rest/apps/apps: the JWT may live ten minutes, an installation's token lives an hour.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from deployments.clients.github.accounts import Account
from deployments.clients.github.answer import Answer
from deployments.clients.github.errors import GitHubNotFound, GitHubRefused, GitHubUnavailable
from deployments.clients.github.grants import lacking_in
from deployments.rules.times import parse_time

_CLOCKS_MAY_DIFFER_SECONDS = 60
_LIVES_SECONDS = 540
_RENEWED_BEFORE = timedelta(minutes=5)
_ASKED_AGAIN_SECONDS = 600
_ADVICE = "GitHub does not accept the App's key. Check GITHUB_APP_ID, and set GITHUB_APP_PRIVATE_KEY to a new one of the App's."


@dataclass(frozen=True)
class AppCredentials:
    """`app_id` is the App's id or client id; `private_key` is the PEM file that GitHub gave for it."""

    app_id: str
    private_key: str = field(repr=False)


@dataclass(frozen=True)
class _Token:
    value: str = field(repr=False)
    expires_at: datetime
    lacks: tuple[str, ...] | None
    """Missing permissions; None where GitHub does not say."""


class Installations:
    """Tokens of the App's installations, each kept until five minutes before it expires.

    `send` makes one request: method, path, account.
    """

    def __init__(self, app: AppCredentials, send: Callable[[str, str, Account], Answer]) -> None:
        self._app = app
        self._send = send
        self._ids: dict[str, int] = {}
        self._tokens: dict[str, _Token] = {}
        self._not_installed: dict[str, float] = {}

    def account_for(self, owner: str) -> Account | None:
        """The installation's account; None where the App is not installed for that owner. Raises GitHubError."""
        key = owner.lower()
        token = self._tokens.get(key)
        if token is None or datetime.now(UTC) > token.expires_at - _RENEWED_BEFORE:
            if self._not_installed.get(key, 0) > time.monotonic():
                return None
            token = self._fetch(key)
        if token is None:
            self._not_installed[key] = time.monotonic() + _ASKED_AGAIN_SECONDS
            return None
        self._tokens[key] = token
        advice = f"GitHub took back the App's token for {owner}: the next sync asks for a new one."
        return Account(f"GitHub App, {key}", advice, token.value)

    def lacks(self, owner: str) -> tuple[str, ...] | None:
        """What the installation should be allowed to read and is not, as of a new token; None where that is not known. Raises GitHubError."""
        self._tokens.pop(owner.lower(), None)
        if self.account_for(owner) is None:
            return None
        return self._tokens[owner.lower()].lacks

    def forget(self) -> None:
        """Treat every token as expired."""
        self._tokens.clear()

    def _fetch(self, owner: str) -> _Token | None:
        ours = Account("GitHub App", _ADVICE, signed(self._app))
        number = self._ids.get(owner) or self._look_up(owner, ours)
        if number is None:
            return None
        try:
            answer = self._send("POST", f"/app/installations/{number}/access_tokens", ours)
        except GitHubNotFound:
            self._ids.pop(owner, None)
            return None
        self._ids[owner] = number
        return _read_token(answer)

    def _look_up(self, owner: str, ours: Account) -> int | None:
        """An owner is a user or an organization, and each has its own address."""
        for kind in ("users", "orgs"):
            try:
                found = self._send("GET", f"/{kind}/{quote(owner, safe='')}/installation", ours).json()
            except GitHubNotFound:
                continue
            if not isinstance(found.get("id"), int):
                raise _unreadable()
            return int(found["id"])
        return None


def signed(app: AppCredentials) -> str:
    """The App's own token, valid for nine minutes. Raises GitHubRefused when the private key is invalid."""
    import jwt

    now = int(time.time())
    claims = {"iat": now - _CLOCKS_MAY_DIFFER_SECONDS, "exp": now + _LIVES_SECONDS, "iss": app.app_id}
    # A variable that is set in one line has its line ends as \n.
    key = app.private_key.strip().replace("\\n", "\n")
    try:
        return jwt.encode(claims, key, algorithm="RS256")
    except (jwt.PyJWTError, TypeError, ValueError):
        # Without its cause, which may hold the key.
        raise GitHubRefused(
            "GITHUB_APP_PRIVATE_KEY is not a private key. Set it to the whole of the .pem file that GitHub gave, or name that "
            "file in GITHUB_APP_PRIVATE_KEY_FILE."
        ) from None


def _read_token(answer: Answer) -> _Token:
    found = answer.json()
    try:
        permissions = found.get("permissions")
        lacks = lacking_in(permissions) if isinstance(permissions, dict) else None
        expires_at = parse_time(found["expires_at"])
        if expires_at is None:
            raise _unreadable()
        return _Token(str(found["token"]), expires_at, lacks)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable() from error


def _unreadable() -> GitHubUnavailable:
    return GitHubUnavailable(
        "GitHub's answer to the App lacks what it should have. This may need a newer Headway version."
    )
