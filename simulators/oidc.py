"""A small, strict OpenID provider: the code flow with PKCE and a nonce, ID tokens signed with RS256.

https://openid.net/specs/openid-connect-core-1_0.html and .../openid-connect-discovery-1_0.html. What it refuses it refuses in the
words of RFC 6749. `faults` are the ways in which a provider, or who pretends to be one, answers wrongly.
"""

import json
import secrets
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from hashlib import sha256
from typing import Any, Self
from urllib.parse import parse_qs, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from simulators.loopback import LoopbackServer, Request, Response

Claims = Mapping[str, Any]
KEY_ID = "demo-key"
LIFETIME_SECONDS = 300


class Fault(Enum):
    """One way of answering wrongly."""

    DOWN = auto()
    NOT_JSON = auto()
    LACKS_ENDPOINTS = auto()
    OTHER_ISSUER_IN_DISCOVERY = auto()
    NO_ID_TOKEN = auto()
    OTHER_NONCE = auto()
    NO_NONCE = auto()
    OTHER_AUDIENCE = auto()
    OTHER_ISSUER = auto()
    EXPIRED = auto()
    OTHER_KEY = auto()
    UNSIGNED = auto()
    SIGNED_WITH_THE_PUBLIC_KEY = auto()
    USER_INFO_OF_ANOTHER = auto()
    USER_INFO_IS_A_LIST = auto()
    USER_INFO_WITH_A_NUL = auto()
    USER_INFO_NESTED_WITHOUT_END = auto()
    LASTS_FOR_EVER = auto()
    REFUSES = auto()


@dataclass
class _Grant:
    person: str
    nonce: str
    challenge: str
    redirect_uri: str


@dataclass
class DemoProvider:
    """One client. `visitor` is who sits at the browser, by their `sub`; `people` has each person's claims."""

    redirect_uri: str = ""
    client_id: str = "headway:demo"
    client_secret: str = "demo client/secret"  # noqa: S105 -- the demo's own
    visitor: str = "ann"
    people: dict[str, Claims] = field(default_factory=dict)
    faults: set[Fault] = field(default_factory=set)
    requests: list[Request] = field(default_factory=list)
    auth_method: str = "client_secret_basic"
    """The one that this client was registered with."""
    other_auth_methods: tuple[str, ...] = ()
    """Listed as well, for other clients: Authelia lists all that it knows, and takes from each client only its own."""
    in_id_token: bool = False
    """Whether a person's claims are in the ID token instead of in the user info, as with Google."""

    def __post_init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._other_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._codes: dict[str, _Grant] = {}
        self._tokens: dict[str, str] = {}
        self._server = LoopbackServer(self._answer)

    @property
    def url(self) -> str:
        """Its issuer."""
        return f"http://{self._server.host}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def _answer(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(dropped=True) if Fault.DOWN in self.faults else self._found(request)

    def _found(self, request: Request) -> Response:
        match request.method, request.path:
            case "GET", "/.well-known/openid-configuration":
                return self._configuration()
            case "GET", "/authorize":
                return self._authorize(request.query)
            case "POST", "/token":
                return self._token(request)
            case "GET", "/userinfo":
                return self._user_info(request)
            case "GET", "/jwks":
                return _json({"keys": [self._public_key()]})
        return _json({"error": "not_found"}, status=404)

    def _configuration(self) -> Response:
        if Fault.NOT_JSON in self.faults:
            return Response(
                body=b"<!doctype html><title>Welcome</title>", headers={"Content-Type": "text/html"}
            )
        other = Fault.OTHER_ISSUER_IN_DISCOVERY in self.faults
        found = {
            "issuer": "https://issuer.example.com" if other else self.url,
            "jwks_uri": f"{self.url}/jwks",
        }
        if Fault.LACKS_ENDPOINTS not in self.faults:
            found |= {
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
            }
        return _json(
            found
            | {
                "response_types_supported": ["code"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": [self.auth_method, *self.other_auth_methods],
            }
        )

    def _authorize(self, given: Mapping[str, str]) -> Response:
        """Show no page: the person has consented. Unsafe redirects are refused."""
        if given.get("client_id") != self.client_id or given.get("redirect_uri") != self.redirect_uri:
            return _json(
                {"error": "invalid_request", "error_description": "client_id or redirect_uri"}, status=400
            )
        wanted = {
            "response_type": given.get("response_type") == "code",
            "scope": "openid" in given.get("scope", "").split(),
            "state": bool(given.get("state")),
            "nonce": len(given.get("nonce", "")) >= 16,
            "code_challenge": given.get("code_challenge_method") == "S256"
            and bool(given.get("code_challenge")),
        }
        state = {"state": given.get("state", "")}
        if missing := [name for name, is_right in wanted.items() if not is_right]:
            return self._back({"error": "invalid_request", "error_description": missing[0]} | state)
        if Fault.REFUSES in self.faults:
            return self._back({"error": "access_denied"} | state)
        code = secrets.token_urlsafe(16)
        self._codes[code] = _Grant(
            self.visitor, given["nonce"], given["code_challenge"], given["redirect_uri"]
        )
        return self._back({"code": code} | state)

    def _back(self, answer: Mapping[str, str]) -> Response:
        return Response(status=302, headers={"Location": f"{self.redirect_uri}?{urlencode(answer)}"})

    def _token(self, request: Request) -> Response:
        given = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if not self._is_client(request, given):
            return _json({"error": "invalid_client"}, status=401)
        grant = self._codes.pop(given.get("code", ""), None)
        is_right = (
            grant is not None
            and given.get("grant_type") == "authorization_code"
            and given.get("redirect_uri") == grant.redirect_uri
            and _challenge(given.get("code_verifier", "")) == grant.challenge
        )
        if grant is None or not is_right:
            return _json({"error": "invalid_grant"}, status=400)
        token = secrets.token_urlsafe(24)
        self._tokens[token] = grant.person
        seconds = 10**30 if Fault.LASTS_FOR_EVER in self.faults else LIFETIME_SECONDS
        answer: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "expires_in": seconds}
        if Fault.NO_ID_TOKEN not in self.faults:
            answer["id_token"] = self._id_token(grant)
        return _json(answer)

    def _is_client(self, request: Request, given: Mapping[str, str]) -> bool:
        ours = (self.client_id, self.client_secret)
        if self.auth_method == "client_secret_post":
            if "authorization" in request.headers:
                return False
            return (given.get("client_id"), given.get("client_secret")) == ours
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        if kind != "Basic" or "client_secret" in given:
            return False
        # Not percent-decoded: clients differ in whether they encode (RFC 6749, 2.3.1), and providers take both.
        name, _, secret = b64decode(text).decode().rpartition(":")
        return (name, secret) == ours

    def _id_token(self, grant: _Grant) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": "https://issuer.example.com" if Fault.OTHER_ISSUER in self.faults else self.url,
            "sub": grant.person,
            "aud": "another-client" if Fault.OTHER_AUDIENCE in self.faults else self.client_id,
            "iat": now - 2 * LIFETIME_SECONDS if Fault.EXPIRED in self.faults else now,
            "exp": now - LIFETIME_SECONDS if Fault.EXPIRED in self.faults else now + LIFETIME_SECONDS,
            "nonce": "x" * 64 if Fault.OTHER_NONCE in self.faults else grant.nonce,
        } | (self._claims(grant.person) if self.in_id_token else {})
        if Fault.NO_NONCE in self.faults:
            del claims["nonce"]
        headers = {"kid": KEY_ID}
        if Fault.UNSIGNED in self.faults:
            return jwt.encode(claims, "", algorithm="none", headers=headers)
        if Fault.SIGNED_WITH_THE_PUBLIC_KEY in self.faults:
            return _forged(claims, json.dumps(self._public_key()).encode())
        key = self._other_key if Fault.OTHER_KEY in self.faults else self._key
        return jwt.encode(claims, key, algorithm="RS256", headers=headers)

    def _user_info(self, request: Request) -> Response:
        person = self._tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if person is None:
            return _json({"error": "invalid_token"}, status=401)
        if Fault.USER_INFO_IS_A_LIST in self.faults:
            return _json([])
        if Fault.USER_INFO_NESTED_WITHOUT_END in self.faults:
            return Response(body=b"[" * 100_000, headers={"Content-Type": "application/json"})
        claims = {} if self.in_id_token else self._claims(person)
        if Fault.USER_INFO_WITH_A_NUL in self.faults:
            claims = claims | {"name": "An\0n"}
        return _json({"sub": "eve" if Fault.USER_INFO_OF_ANOTHER in self.faults else person} | claims)

    def _claims(self, person: str) -> dict[str, Any]:
        return {"preferred_username": person, "name": person.title()} | dict(self.people.get(person, {}))

    def _public_key(self) -> dict[str, Any]:
        found: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return found | {"kid": KEY_ID, "alg": "RS256", "use": "sig"}


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def _forged(claims: Claims, key: bytes) -> str:
    """An HS256 token whose secret is what everyone can read, as old libraries took it: CVE-2015-9235."""
    return jwt.encode(dict(claims), sha256(key).hexdigest(), algorithm="HS256", headers={"kid": KEY_ID})


def _json(content: Any, *, status: int = 200) -> Response:
    body = json.dumps(content).encode()
    return Response(status=status, headers={"Content-Type": "application/json"}, body=body)
