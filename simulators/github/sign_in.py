"""Logging in with GitHub: the web application flow, with PKCE, and what the resulting token may query.

https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
"""

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import parse_qs, urlencode

from simulators.github.answers import error_response, json_response
from simulators.loopback import Request, Response

_MEMBERSHIP = "/user/memberships/orgs/"


@dataclass
class SignIn:
    """One OAuth app. `visitor` is who sits at the browser and consents to whatever is asked."""

    client_id: str = "Iv1.demo"
    client_secret: str = "demo-client-secret"  # noqa: S105 -- the demo's own
    visitor: str = "octocat"
    ids: dict[str, int] = field(default_factory=lambda: {"octocat": 583231})
    members: dict[str, dict[str, str]] = field(default_factory=dict)
    """`active` or `pending` by login, by organisation."""
    odd: dict[str, object] = field(default_factory=dict)
    """What the token's answer and the person's say besides, or instead."""
    _codes: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """Login, scope and the challenge that the code's verifier must answer, by code."""
    _tokens: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Login and scope, by token."""

    def issue(self, login: str, scope: str) -> str:
        """Return a token of that person's."""
        token = f"gho_{secrets.token_hex(18)}"
        self._tokens[token] = (login, scope)
        return token

    def revoke_tokens(self) -> None:
        self._tokens.clear()

    def answered(self, request: Request, token: str) -> Response | None:
        """None for what is not about logging in."""
        match request.method, request.path:
            case "GET", "/login/oauth/authorize":
                return self._authorize(request)
            case "POST", "/login/oauth/access_token":
                return self._give_token(request)
            case "GET", "/user":
                return self._user(token)
            case "GET", path if path.startswith(_MEMBERSHIP):
                return self._membership(path.removeprefix(_MEMBERSHIP).lower(), token)
        return None

    def _authorize(self, request: Request) -> Response:
        given = request.query
        is_pkce = given.get("code_challenge_method") == "S256" and given.get("code_challenge")
        if given.get("client_id") != self.client_id or not is_pkce:
            return error_response(404, "Not Found")
        code = secrets.token_hex(10)
        self._codes[code] = (self.visitor, given.get("scope", ""), given["code_challenge"])
        query = urlencode({"code": code, "state": given.get("state", "")})
        return Response(status=302, headers={"Location": f"{given['redirect_uri']}?{query}"})

    def _give_token(self, request: Request) -> Response:
        given = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        login, scope, challenge = self._codes.pop(given.get("code", ""), ("", "", ""))
        answer = (
            urlsafe_b64encode(sha256(given.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
        )
        if (given.get("client_id"), given.get("client_secret")) != (self.client_id, self.client_secret):
            return json_response({"error": "incorrect_client_credentials"})
        if not login or answer != challenge:
            return json_response({"error": "bad_verification_code"})
        return json_response(
            {"access_token": self.issue(login, scope), "token_type": "bearer", "scope": scope} | self.odd
        )

    def _user(self, token: str) -> Response:
        login, _ = self._tokens.get(token, ("", ""))
        if not login:
            return error_response(401, "Bad credentials")
        return json_response(
            {"login": login, "id": self.ids[login], "name": login.title(), "email": None} | self.odd
        )

    def _membership(self, organisation: str, token: str) -> Response:
        login, scope = self._tokens.get(token, ("", ""))
        if not login:
            return error_response(401, "Bad credentials")
        if "read:org" not in scope:
            return error_response(403, "You need at least read:org scope to see your membership.")
        state = self.members.get(organisation, {}).get(login)
        return (
            json_response({"state": state, "role": "member"}) if state else error_response(404, "Not Found")
        )
