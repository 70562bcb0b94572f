"""Authentication: tokens, each for all owners or for one, and the App with its installations, as strict as GitHub."""

import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from simulators.github.answers import error_response, json_response
from simulators.github.permissions import ALL_PERMISSIONS, TokenPermissions
from simulators.loopback import Request, Response

_LONGEST_JWT_SECONDS = 600
_KEY_BITS = 2048


@cache
def _key() -> rsa.RSAPrivateKey:
    """The one key of every App of this process: to find two primes takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)


@dataclass
class App:
    """A GitHub App: `client_id` or `id` is the JWT's issuer, `private_key` the PEM that GitHub hands out once."""

    id: int = 991
    client_id: str = "Iv23liDemo"
    token_seconds: float = 3600
    installations: dict[int, tuple[str, str]] = field(default_factory=dict)
    """(`users` or `orgs`, owner in lower case) by the installation's id."""
    permissions: dict[str, str] = field(default_factory=lambda: dict(ALL_PERMISSIONS))
    """What every installation was granted, sent with it and with each token."""
    states_permissions: bool = True

    def __post_init__(self) -> None:
        key = _key()
        self._public_key = key.public_key()
        self.private_key = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ).decode()

    def install(self, owner: str, *, kind: str = "users") -> int:
        number = 70_000 + len(self.installations)
        self.installations[number] = (kind, owner.lower())
        return number

    def uninstall(self, owner: str) -> None:
        self.installations = {n: each for n, each in self.installations.items() if each[1] != owner.lower()}

    def refusal(self, token: str) -> Response | None:
        """Why a JWT is none of ours: signature, issuer, and a life of ten minutes at most."""
        now = time.time()
        try:
            claims = jwt.decode(
                token,
                self._public_key,
                algorithms=["RS256"],
                options={"require": ["iss", "iat", "exp"], "verify_iss": False},
            )
        except jwt.ImmatureSignatureError:
            return error_response(
                401,
                "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
            )
        except jwt.ExpiredSignatureError:
            return error_response(
                401,
                "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
            )
        except jwt.PyJWTError:
            return error_response(401, "A JSON web token could not be decoded")
        if claims["exp"] > now + _LONGEST_JWT_SECONDS:
            return error_response(401, "'Expiration time' claim ('exp') is too far in the future")
        if str(claims["iss"]) not in {str(self.id), self.client_id}:
            return error_response(401, "'Issuer' claim ('iss') must be an Integer")
        return None


@dataclass(frozen=True)
class TokenHeaders:
    """What GitHub says about a token in its headers: a classic one's `scopes`, and when it ends."""

    scopes: str | None = None
    """None: it is fine-grained, and GitHub does not say."""
    expires_at: datetime | None = None

    def headers(self) -> dict[str, str]:
        found = {} if self.scopes is None else {"X-OAuth-Scopes": self.scopes, "X-Accepted-OAuth-Scopes": ""}
        if self.expires_at:
            found["GitHub-Authentication-Token-Expiration"] = f"{self.expires_at:%Y-%m-%d %H:%M:%S} UTC"
        return found


class Tokens:
    """What is accepted: `main` for every owner, `of_owner` for one each, and what the App's installations were given."""

    def __init__(self, main: str) -> None:
        self.main = main
        self.of_owner: dict[str, str] = {}
        self.permissions: dict[str, dict[str, str]] = {}
        """What a fine-grained token may read, where that is not all."""
        self.headers_of_tokens: dict[str, TokenHeaders] = {}
        self.app: App | None = None
        self._issued: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def revoke_issued(self) -> None:
        with self._lock:
            self._issued.clear()

    def permissions_of(self, token: str) -> TokenPermissions | None:
        """What a token may read; None for one that is not accepted."""
        owner = "" if token == self.main else self.of_owner.get(token)
        if owner is not None:
            return TokenPermissions.granted(owner, self.permissions.get(token, ALL_PERMISSIONS))
        owner = self._installed_owner(token)
        return (
            TokenPermissions.granted(owner, self.app.permissions, is_app=True) if self.app and owner else None
        )

    def answered(self, request: Request, token: str) -> Response | None:
        """The App's own addresses; None for any other."""
        parts = request.path.strip("/").split("/")
        is_lookup = (
            request.method == "GET" and parts[-1] == "installation" and parts[0] in {"users", "orgs", "repos"}
        )
        is_issue = (
            request.method == "POST"
            and parts[:2] == ["app", "installations"]
            and parts[-1] == "access_tokens"
        )
        if not is_lookup and not is_issue:
            return None
        if self.app is None:
            return error_response(401, "A JSON web token could not be decoded")
        return self.app.refusal(token) or (self._look_up(parts) if is_lookup else self._issue(parts))

    def _look_up(self, parts: list[str]) -> Response:
        kind, owner = parts[0], parts[1].lower()
        installations = self.app.installations if self.app else {}
        for number, (known_kind, known) in installations.items():
            if known == owner and kind in {"repos", known_kind}:
                return json_response(
                    {
                        "id": number,
                        "account": {"login": known},
                        "repository_selection": "all",
                        **self._stated_permissions(),
                    }
                )
        return error_response(404, "Not Found")

    def _issue(self, parts: list[str]) -> Response:
        number = int(parts[2]) if parts[2].isdigit() else 0
        if self.app is None or number not in self.app.installations:
            return error_response(404, "Not Found")
        # GitHub's are as long since April 2026: the App's id and a JWT.
        token, seconds = f"ghs_{self.app.id}_{secrets.token_urlsafe(360)}", self.app.token_seconds
        with self._lock:
            self._issued[token] = (number, time.monotonic() + seconds)
        expires = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {
            "token": token,
            "expires_at": expires,
            "repository_selection": "all",
            **self._stated_permissions(),
        }
        return json_response(body, status=201)

    def _stated_permissions(self) -> dict[str, dict[str, str]]:
        return {"permissions": self.app.permissions} if self.app and self.app.states_permissions else {}

    def _installed_owner(self, token: str) -> str:
        with self._lock:
            number, until = self._issued.get(token, (0, 0.0))
        installations = self.app.installations if self.app else {}
        return installations[number][1] if number in installations and until > time.monotonic() else ""
