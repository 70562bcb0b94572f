"""Risky actions need a recent login, whatever button, page or URL they came from."""

from datetime import datetime

from django.contrib.auth.models import User

from deployments.models import Hold
from deployments.rules.reauth_reasons import Authentication


class ReauthenticationRequired(Exception):
    """The sentences name the risk. The person has to authenticate again, and can then repeat the request."""


def require(reasons: tuple[str, ...], authentication: Authentication, *, now: datetime) -> None:
    """Raise ReauthenticationRequired where there is a reason, and no recent login."""
    if reasons and not authentication.is_recent(now=now):
        raise ReauthenticationRequired(" ".join(reasons))


def require_for_resuming(hold: Hold, *, by: User, authentication: Authentication, now: datetime) -> None:
    """Pass the person who placed the Hold; others must have authenticated recently. Raises ReauthenticationRequired."""
    if hold.placed_by_id != by.pk:
        did = f"put {hold.site.name} on hold" if hold.site else "paused all deploys"
        require((f"{hold.placed_by_name} {did}: {hold.reason.rstrip('.')}.",), authentication, now=now)
