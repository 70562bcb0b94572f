"""Doors that received hooks, and no longer do; and whether the heads are checked meanwhile."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Max

from deployments.models import HeadCheck, HookDelivery, SigningKey
from deployments.operations.doctor.findings import Finding, good, warning
from deployments.rules.hooks.hint import Door

BEFORE = timedelta(minutes=5)
"""A hook of a push comes by then, or it did not come."""
LATELY = timedelta(days=7)
KEYS_OLD_AFTER = timedelta(hours=6)
_LOOK = "Check the webhook's recent deliveries on GitHub, and Hooks: its address, its secret, and whether GitHub can reach it."


def hooks_arrive(*, now: datetime) -> Iterator[Finding]:
    """Warn where a check has found a push of which GitHub's door, that was in use before, said nothing. Nothing where no hook ever came."""
    rows = HookDelivery.objects.order_by().values_list("door").annotate(last=Max("received_at"))
    last: dict[str, datetime] = dict(rows)
    at = last.get(Door.GITHUB)
    if at is None:
        return
    found_at = HeadCheck.objects.values_list("found_at", flat=True).first()
    if found_at is not None and at < found_at - BEFORE and now - found_at < LATELY:
        message = f"A push was seen at {found_at:%Y-%m-%d %H:%M} UTC, but no webhook arrived for it. The last arrived at {at:%Y-%m-%d %H:%M} UTC."
        yield warning("Hooks", message, _LOOK)
    else:
        yield good("Hooks", f"The last webhook arrived at {at:%Y-%m-%d %H:%M} UTC.")


def keys_are_fresh(*, issuers: tuple[str, ...], now: datetime) -> Iterator[Finding]:
    """One line for each issuer whose tokens web cannot check."""
    for issuer in issuers:
        fetched = SigningKey.objects.filter(issuer=issuer).aggregate(last=Max("fetched_at"))["last"]
        if fetched is None or now - fetched > KEYS_OLD_AFTER:
            message = f"The signing keys of {issuer} have not been fetched{' lately' if fetched else ' yet'}: its tokens are refused."
            yield warning(
                "Hooks, keys", message, "Let the worker reach it over HTTPS; its log says why it cannot."
            )
