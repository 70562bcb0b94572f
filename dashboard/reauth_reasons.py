"""Which taps are risky enough to ask for the passkey or the password again."""

from datetime import datetime

from django.contrib.auth.models import User

from deployments.facts import StandingHold, passed_hold
from deployments.models import Deploy, Hold, Kind, Site
from deployments.rules.findings import hold_message


def reauth_reason(site: Site, *, sha: str, accept_red: bool) -> str:
    """Return a sentence that names the risk of deploying `sha`, or nothing where there is none.

    The head, what was tried last, and what ran before that are one's daily bread; any other commit is far back.
    """
    if accept_red:
        return f"CI failed on {sha[:7]}."
    observation = getattr(site, "observation", None)
    near = {observation.head_sha if observation else ""}
    latest = (
        Deploy.objects.filter(site=site)
        .order_by("-requested_at", "-pk")
        .values_list("sha", "from_sha")
        .first()
    )
    near |= set(latest or ())
    return "" if sha in near else f"{sha[:7]} is neither the newest commit nor the one that ran before."


def reauth_reason_to_resume(hold: Hold, by: User) -> str:
    """Return a sentence that names whose stop is passed, or nothing where it is one's own."""
    if hold.placed_by_id == by.pk:
        return ""
    return f"{hold.placed_by_name} held {hold.site.host if hold.site else 'everything'}: {hold.reason.rstrip('.')}."


def reauth_reason_to_pass(site: Site, *, kind: Kind | str, sha: str, now: datetime) -> str:
    """Return a sentence that names the Hold that such a way back passes, or nothing where it passes none."""
    hold = passed_hold(site, kind=kind, sha=sha, holds=StandingHold.all(now=now))
    return hold_message(hold) if hold else ""
