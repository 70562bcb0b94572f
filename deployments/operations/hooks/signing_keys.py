"""Fetch the keys that web verifies tokens with, into rows: web itself calls no external service."""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from deployments.clients.signing_keys import UnableToFetchKeys, fetch_keys
from deployments.models import SigningKey

logger = logging.getLogger(__name__)


def fetch_signing_keys(*, issuers: Iterable[str], now: datetime) -> int:
    """Keep each issuer's present keys, and no earlier ones; return their number. One that does not answer keeps those it had."""
    return sum(_fetch(issuer, now=now) for issuer in issuers)


def _fetch(issuer: str, *, now: datetime) -> int:
    try:
        keys = fetch_keys(issuer)
    except UnableToFetchKeys as error:
        logger.warning("%s", error)
        return 0
    with transaction.atomic():
        SigningKey.objects.filter(issuer=issuer).exclude(key_id__in=keys).delete()
        SigningKey.objects.bulk_create(
            [
                SigningKey(issuer=issuer, key_id=key_id, key=key, fetched_at=now)
                for key_id, key in keys.items()
            ],
            update_conflicts=True,
            unique_fields=["issuer", "key_id"],
            update_fields=["key", "fetched_at"],
        )
    return len(keys)
