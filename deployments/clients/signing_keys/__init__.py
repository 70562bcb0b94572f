"""The public keys with which an issuer of OIDC tokens signs them.

OpenID Connect Discovery: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
"""

import json
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from deployments.clients.deadline import within
from deployments.clients.timely_http import session

TIMEOUT_SECONDS = 10
MOST_KEYS = 50
_MOST_BYTES = 512 * 1024
_LONGEST = {"kty": 10, "kid": 255, "alg": 10, "use": 10, "n": 4096, "e": 20}


class UnableToFetchKeys(Exception):
    """The sentence says whose, and why."""


def fetch_keys(issuer: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> dict[str, dict[str, Any]]:
    """Each of the issuer's RSA keys by its id. Raises UnableToFetchKeys.

    They may lie on another host than the issuer, as Google's do, but without TLS only where the issuer has none either.
    """
    try:
        with within(timeout_seconds), session() as asking:
            configuration = _json(asking, f"{issuer}/.well-known/openid-configuration", timeout_seconds)
            address = str(configuration.get("jwks_uri", ""))
            if configuration.get("issuer") != issuer or urlsplit(address).scheme != urlsplit(issuer).scheme:
                raise UnableToFetchKeys(f"{issuer} describes itself as another issuer.")
            keys = _json(asking, address, timeout_seconds).get("keys")
    except (requests.RequestException, HTTPError, ValueError, RecursionError) as error:
        raise UnableToFetchKeys(
            f"The signing keys of {issuer} cannot be fetched: {type(error).__name__}"
        ) from error
    read = map(_key, (keys if isinstance(keys, list) else [])[:MOST_KEYS])
    found = {key["kid"]: key for key in read if key.get("kty") == "RSA" and key.keys() >= {"kid", "n", "e"}}
    if not found:
        raise UnableToFetchKeys(f"{issuer} publishes no RSA keys.")
    return found


def _key(published: object) -> dict[str, str]:
    """What is needed of a JSON Web Key (RFC 7517 and 7518), as a table of ours can keep it."""
    fields = published.items() if isinstance(published, dict) else ()
    return {
        name: value
        for name, value in fields
        if isinstance(value, str)
        and value.isascii()
        and value.isprintable()
        and 0 < len(value) <= _LONGEST.get(name, 0)
    }


def _json(asking: requests.Session, url: str, timeout_seconds: float) -> dict[str, Any]:
    """Raises RequestException or ValueError."""
    with asking.get(url, timeout=timeout_seconds, stream=True, allow_redirects=False) as answer:
        if answer.status_code != requests.codes.ok:
            raise ValueError(f"HTTP {answer.status_code}")
        body = answer.raw.read(_MOST_BYTES, decode_content=True)
    value = json.loads(body)
    if not isinstance(value, dict):
        raise ValueError("No JSON object")  # noqa: TRY004  the sender's mistake, not the caller's
    return value
