"""An issuer of OIDC tokens on loopback, as GitHub Actions' and Google's are: its description, its keys, and tokens signed with them."""

import json
import time
from functools import cache
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from simulators.loopback import LoopbackServer, Request, Response

_HOUR = 3600


@cache
def rsa_key(name: str) -> RSAPrivateKey:
    """One key for each name, made once: it takes a tenth of a second."""
    del name
    return generate_private_key(public_exponent=65537, key_size=2048)


class Issuer:
    """Speaks OpenID Connect Discovery at `url`. `key_ids` are those that it publishes; `fails` with that status where it is set, and answers with `body` where that is."""

    def __init__(self) -> None:
        self.key_ids = ["1"]
        self.fails, self.body = 0, b""
        self.requests: list[str] = []
        self._server = LoopbackServer(self._answer)

    @property
    def url(self) -> str:
        return f"http://{self._server.host}"

    def start(self) -> Self:
        self._server.start()
        return self

    def stop(self) -> None:
        self._server.stop()

    def token(
        self, *, key_id: str = "1", signed_by: str = "", headers: dict[str, Any] | None = None, **claims: Any
    ) -> str:
        """A token of the last minute for these claims; one of None is left out."""
        now = int(time.time())
        usual = {"iss": self.url, "iat": now - 60, "nbf": now - 60, "exp": now + _HOUR}
        content = {name: value for name, value in (usual | claims).items() if value is not None}
        header = ({"kid": key_id} if key_id else {}) | (headers or {})
        return jwt.encode(content, rsa_key(signed_by or key_id or "1"), algorithm="RS256", headers=header)

    def keys(self) -> list[dict[str, Any]]:
        return [
            {
                **RSAAlgorithm.to_jwk(rsa_key(each).public_key(), as_dict=True),
                "kid": each,
                "use": "sig",
                "alg": "RS256",
            }
            for each in self.key_ids
        ]

    def _answer(self, request: Request) -> Response:
        self.requests.append(request.path)
        if self.fails:
            return Response(status=self.fails)
        if self.body:
            return Response(body=self.body)
        if request.path == "/.well-known/openid-configuration":
            return _json({"issuer": self.url, "jwks_uri": f"{self.url}/keys"})
        return _json({"keys": self.keys()}) if request.path == "/keys" else Response(status=404)


def _json(value: object) -> Response:
    return Response(headers={"Content-Type": "application/json"}, body=json.dumps(value).encode())
