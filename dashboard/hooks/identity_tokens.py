"""Tokens that identify GitHub Actions and Pub/Sub (OIDC): signed with keys that a worker has fetched."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import jwt
from django.db.models import Exists, Q
from django.http import HttpRequest

from dashboard.hooks.refused import Refused
from deployments.models import SigningKey, Site

ALGORITHM = "RS256"
LEEWAY_SECONDS = 30
KEYS_HOLD_FOR = timedelta(days=1)
_LONGEST = 8192
_REQUIRED = {"require": ["exp", "iat", "iss", "aud"]}
_UNREADABLE = "The Authorization header has no token that can be read."


Sender = Callable[[Mapping[str, Any]], Q | None]
"""Checks a token's claims before any of them is verified: raises Refused, or returns what must be true of a site."""


def claims_of(
    request: HttpRequest, *, issuer: str, audience: str, sender: Sender, now: datetime
) -> Mapping[str, Any]:
    """What the request's token says, once its signature and all else is checked. Raises Refused.

    What needs no key is checked first, so that a mistake in a sender's settings costs no statement; all else costs one.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > _LONGEST:
        raise Refused(_UNREADABLE)
    try:
        header = jwt.get_unverified_header(token)
        site = sender(_check(token, None, issuer, audience, verify_signature=False))
        return _check(token, _key(header, issuer, site, now=now), issuer, audience, verify_signature=True)
    except jwt.InvalidSignatureError as error:
        raise Refused("The token's signature is wrong.", has_asked=True) from error
    except jwt.PyJWTError as error:
        raise Refused(_why(error, audience)) from error


def _check(token: str, key: Any, issuer: str, audience: str, *, verify_signature: bool) -> Mapping[str, Any]:
    """Expiry, issuer and audience are checked either way."""
    options = {
        "verify_signature": verify_signature,
        **{f"verify_{each}": True for each in ("exp", "iat", "nbf", "iss", "aud")},
    }
    claims: Mapping[str, Any] = jwt.decode(
        token,
        key=key,
        algorithms=[ALGORITHM],
        issuer=issuer,
        audience=audience,
        leeway=LEEWAY_SECONDS,
        options=options | _REQUIRED,  # type: ignore[arg-type]  # as PyJWT documents them
    )
    return claims


def _key(header: Mapping[str, Any], issuer: str, site: Q | None, *, now: datetime) -> Any:
    if header.get("alg") != ALGORITHM:
        raise Refused(f"The token is not signed with {ALGORITHM}.")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or "\0" in key_id:
        raise Refused("The token names no key.")
    keys = SigningKey.objects.filter(issuer=issuer, key_id=key_id)
    if site is not None:
        keys = keys.annotate(is_of_a_site=Exists(Site.objects.filter(site)))
    row = keys.first()
    if row is None or now - row.fetched_at > KEYS_HOLD_FOR or not isinstance(row.key, dict):
        raise Refused("The token is signed with a key that no worker has fetched.", has_asked=True)
    if not getattr(row, "is_of_a_site", True):
        raise Refused("Its repository is no site's.", status=HTTPStatus.FORBIDDEN, has_asked=True)
    return jwt.PyJWK(row.key, algorithm=ALGORITHM).key


def _why(error: jwt.PyJWTError, audience: str) -> str:
    sentences: dict[type[jwt.PyJWTError], str] = {
        jwt.ExpiredSignatureError: "The token has expired.",
        jwt.InvalidAudienceError: f"The token is for another audience than {audience}.",
        jwt.InvalidIssuerError: "The token is another issuer's.",
        jwt.MissingRequiredClaimError: "The token lacks what it should say.",
        jwt.ImmatureSignatureError: "The token is not valid yet.",
    }
    return sentences.get(type(error), _UNREADABLE)
