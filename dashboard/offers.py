"""The button that helps, for one person looking at one site."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from deployments.facts import StandingHold
from deployments.queries import SiteRow
from deployments.rules.site_state import Action, State

CALM = frozenset({State.DEPLOYING, State.BUILDING, State.HELD, State.CURRENT})


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A button (`posts`: a form with `sha` and `seen` where those are given) or a link."""

    label: str
    url: str
    tone: str = "quiet"
    """"go", "risk" or "quiet"."""
    posts: bool = False
    sha: str = ""
    seen: str = ""


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """What the person who looks may do, and the Holds that stand."""

    may_deploy: bool
    may_edit: bool
    holds: tuple[StandingHold, ...] = ()


def needs_you(row: SiteRow) -> bool:
    """Whether this site waits for a person, and not for a machine, a Hold, or nothing."""
    return row.answer.state not in CALM


def offer_for(row: SiteRow, viewer: Viewer) -> Offer | None:
    """Return what the site's answer calls for, where this person may do it."""
    match row.answer.action:
        case Action.WATCH if row.latest_deploy:
            return Offer(label="Watch", url=reverse("deploy", args=[row.latest_deploy.pk]))
        case Action.EDIT if viewer.may_edit:
            return Offer(label="Edit", url=edit_url(row))
    return _act(row, viewer) if viewer.may_deploy else None


def edit_url(row: SiteRow) -> str:
    """Where the mapping is edited."""
    return reverse("admin:deployments_site_change", args=[row.site.pk])


def _act(row: SiteRow, viewer: Viewer) -> Offer | None:
    match row.answer.action:
        case Action.SYNC:
            return _sync(row, "Sync now")
        case Action.RESUME:
            return _resume(row, viewer.holds)
    return _ship(row)


def _sync(row: SiteRow, label: str) -> Offer:
    return Offer(label=label, url=reverse("sync-site", args=[row.host]), posts=True)


def _ship(row: SiteRow) -> Offer | None:
    """Return a button that deploys at once, or where that is risky, a link to the sheet that asks first."""
    head, latest = row.seen.head_sha, row.latest_deploy
    match row.answer.action:
        case Action.DEPLOY:
            label, sha, is_risky = "Deploy", head, bool(row.seen.ahead_by)
        case Action.DEPLOY_ANYWAY:
            label, sha, is_risky = "Deploy anyway", head, True
        case Action.DEPLOY_WHEN_READY:
            return Offer(label="When ready", url=_sheet(row, head))
        case Action.RETRY if latest and not latest.queued_at:
            # It never came to its turn: what it waited for may still be missing.
            return Offer(label="Retry", url=_sheet(row, latest.sha))
        case Action.RETRY if latest:
            label, sha, is_risky = "Retry", latest.sha, False
        case Action.ROLL_BACK if latest:
            label, sha, is_risky = "Roll back", latest.from_sha, True
        case _:
            return None
    if is_risky:
        return Offer(label=label, url=_sheet(row, sha), tone="risk")
    tone = "go" if row.answer.action is Action.DEPLOY else "quiet"
    return Offer(
        label=label,
        url=reverse("deploy-site", args=[row.host]),
        tone=tone,
        posts=True,
        sha=sha,
        seen=row.running_sha,
    )


def _sheet(row: SiteRow, sha: str) -> str:
    return f"{reverse('deploy-site', args=[row.host])}?{urlencode({'sha': sha})}"


def _resume(row: SiteRow, holds: Iterable[StandingHold]) -> Offer | None:
    """Resume what stands on this site. A Hold on everything is lifted where it is told, on top of the page."""
    mine = [hold for hold in holds if hold.site_id == row.site.pk and hold.sha in ("", row.seen.head_sha)]
    if not mine:
        return None
    widest = min(mine, key=lambda hold: bool(hold.sha))
    return Offer(label="Resume", url=reverse("lift-hold", args=[widest.id]), posts=True)
