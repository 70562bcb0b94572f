"""Tokens for the images' door: created and revoked by administrators, stored only as their hash."""

import hashlib
import secrets
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from deployments.models import AuditEvent, HookToken
from deployments.operations import audit

_BYTES = 32


def make_token(*, name: str, by: User, now: datetime) -> str:
    """Return a new token, which nothing shows a second time."""
    token = secrets.token_urlsafe(_BYTES)
    with transaction.atomic():
        HookToken.objects.create(
            name=name, hashed=_hashed(token), created_at=now, created_by_name=by.get_username()
        )
        audit.record(AuditEvent.Kind.HOOK, f"Made a token for image hooks: {name}.", by=by, now=now)
    return token


def revoke_token(*, token: HookToken, by: User, now: datetime) -> None:
    """From now on nobody posts with it."""
    with transaction.atomic():
        if HookToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
            audit.record(
                AuditEvent.Kind.HOOK, f"Revoked the token for image hooks: {token.name}.", by=by, now=now
            )


def find_token(token: str) -> HookToken | None:
    """The row of one that may be used. Runs one SQL query, by its index."""
    return HookToken.objects.filter(hashed=_hashed(token), revoked_at=None).first()


def _hashed(token: str) -> str:
    """It is 256 bits of chance: there is nothing to guess that a slow hash would keep from being guessed."""
    return hashlib.sha256(token.encode()).hexdigest()
