"""The token server and its tokens: https://distribution.github.io/distribution/spec/auth/token/."""

import base64
import binascii
import re
import secrets
import threading
import time
from dataclasses import dataclass

from simulators.loopback import Request, Response
from simulators.registry import replies

SERVICE = "demo-registry"
_SCOPE = re.compile(r"repository:([^:]+):(?:[a-z*]+,)*(?:pull|\*)(?:,[a-z*]+)*")


@dataclass(frozen=True)
class Account:
    user: str
    password: str


@dataclass(frozen=True)
class _Token:
    path: str
    user: str
    expires_at: float


class Tokens:
    """`seconds` is how long a token lives, sent where `states_expiry`; `field` is the name under which it is sent."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.field = "token"
        self.states_expiry = True
        self.private: dict[str, Account] = {}
        self._issued: dict[str, _Token] = {}
        self._lock = threading.Lock()

    def expire(self) -> None:
        with self._lock:
            self._issued.clear()

    def issue(self, request: Request) -> Response:
        """A token for what the asker may read of the scope; for nothing, where that is nothing."""
        account = basic_account(request)
        if account is not None and account not in self.private.values():
            return replies.error(401, "UNAUTHORIZED", "incorrect username or password")
        if request.query.get("service") != SERVICE:
            return replies.error(400, "UNSUPPORTED", "unknown service")
        match = _SCOPE.fullmatch(request.query.get("scope", ""))
        path = match[1] if match and self.may_read(match[1], account) else ""
        token = secrets.token_urlsafe(24)
        with self._lock:
            user = account.user if account else ""
            self._issued[token] = _Token(path, user, time.monotonic() + self.seconds)
        expiry = {"expires_in": self.seconds} if self.states_expiry else {}
        return replies.content(200, {self.field: token} | expiry)

    def may_read(self, path: str, account: Account | None) -> bool:
        return path not in self.private or self.private[path] == account

    def refuse(self, request: Request, path: str, realm: str) -> Response | None:
        """The 401 for a request whose token is missing, or not for this repository; None when it may continue."""
        sent = request.headers.get("authorization", "")
        with self._lock:
            token = self._issued.get(sent.removeprefix("Bearer "))
        if token is None or token.expires_at <= time.monotonic():
            return challenge(realm, path, "invalid_token" if sent else "")
        return None if not path or token.path == path else challenge(realm, path, "insufficient_scope")

    def user_of(self, request: Request) -> str:
        """Whose request it was, for the log."""
        account = basic_account(request)
        with self._lock:
            token = self._issued.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        return account.user if account else (token.user if token else "")


def challenge(realm: str, path: str, error: str) -> Response:
    scope = f',scope="repository:{path}:pull"' if path else ""
    because = f',error="{error}"' if error else ""
    value = f'Bearer realm="{realm}",service="{SERVICE}"{scope}{because}'
    return replies.error(401, "UNAUTHORIZED", "authentication required", {"WWW-Authenticate": value})


def basic_account(request: Request) -> Account | None:
    """Who asks, by HTTP's basic authentication."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return Account(user, password) if scheme.lower() == "basic" and colon else None
