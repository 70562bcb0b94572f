"""The button for the next action, for one person on one site."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from dashboard.access import may_deploy
from deployments.facts import StandingHold
from deployments.models import Deploy
from deployments.queries import SiteRow, SystemStatus
from deployments.rules.labels import ACTIONS, SHORT_ACTIONS
from deployments.rules.site_state import Action, CheckState


@dataclass(frozen=True, kw_only=True)
class ActionButton:
    """A button (`posts`: a form with `sha` and `seen` where those are given) or a link."""

    label: str
    url: str
    tone: str = "quiet"
    """"go", "risk" or "quiet"."""
    posts: bool = False
    asks: bool = False
    """It leads to the sheet, which shows what ships and has the button that does it."""
    sha: str = ""
    seen: str = ""


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """What the viewer may do, and the active Holds."""

    may_deploy: bool
    may_edit: bool
    holds: tuple[StandingHold, ...] = ()


def viewer_of(request: HttpRequest, system_status: SystemStatus | None) -> Viewer:
    """Return the viewer."""
    user = request.user
    may_edit = bool(getattr(user, "is_staff", False)) and user.has_perm("deployments.change_site")
    return Viewer(
        may_deploy=may_deploy(user), may_edit=may_edit, holds=system_status.holds if system_status else ()
    )


def action_for(row: SiteRow, viewer: Viewer) -> ActionButton | None:
    """Return what the site's answer calls for, where this person may do it."""
    match row.answer.action:
        case Action.WATCH if row.latest_deploy:
            return ActionButton(
                label=ACTIONS[Action.WATCH], url=reverse("deploy", args=[row.latest_deploy.pk])
            )
        case Action.EDIT if viewer.may_edit:
            return ActionButton(label=ACTIONS[Action.EDIT], url=edit_url(row))
        case Action.REVIEW:
            return ActionButton(label=ACTIONS[Action.REVIEW], url=reverse("drift", args=[row.name]))
    return _act(row, viewer) if viewer.may_deploy else None


def action_in_list(row: SiteRow, viewer: Viewer) -> ActionButton | None:
    """Return the same for a row of the list: there, what would be deployed is shown in a sheet first."""
    action_button = action_for(row, viewer)
    if action_button is None:
        return None
    action_button = replace(action_button, label=SHORT_ACTIONS[row.answer.action])
    if not action_button.sha:
        return action_button
    return replace(
        action_button, url=_dialog(row, action_button.sha), posts=False, asks=True, sha="", seen=""
    )


def edit_url(row: SiteRow) -> str:
    """Where the mapping is edited."""
    return reverse("edit-mapping", args=[row.name])


def _act(row: SiteRow, viewer: Viewer) -> ActionButton | None:
    match row.answer.action:
        case Action.SYNC:
            return _sync(row, ACTIONS[Action.SYNC])
        case Action.RESUME:
            return _resume(row, viewer.holds)
        case Action.RESTART:
            return ActionButton(
                label=ACTIONS[Action.RESTART], url=reverse("restart-site", args=[row.name]), tone="risk"
            )
    return _ship(row)


def _sync(row: SiteRow, label: str) -> ActionButton:
    return ActionButton(label=label, url=reverse("sync-site", args=[row.name]), posts=True)


def _ship(row: SiteRow) -> ActionButton | None:
    """Return a button that deploys at once, or where that is risky, a link to the page that asks first."""
    head = row.seen.target_sha
    match row.answer.action:
        case Action.DEPLOY if not row.seen.ahead_by:
            url = reverse("deploy-site", args=[row.name])
            return ActionButton(
                label=ACTIONS[Action.DEPLOY],
                url=url,
                tone="go",
                posts=True,
                sha=head,
                seen=row.seen.deployed_sha,
            )
        case Action.DEPLOY:
            return ActionButton(label=ACTIONS[Action.DEPLOY], url=_dialog(row, head), tone="risk", asks=True)
        case Action.DEPLOY_ANYWAY:
            return ActionButton(
                label=ACTIONS[Action.DEPLOY_ANYWAY], url=_dialog(row, head), tone="risk", asks=True
            )
        case Action.DEPLOY_WHEN_READY:
            return ActionButton(label=ACTIONS[Action.DEPLOY_WHEN_READY], url=_dialog(row, head), asks=True)
        case Action.BRING_TOGETHER:
            return ActionButton(
                label=ACTIONS[Action.BRING_TOGETHER],
                url=_dialog(row, _common_sha(row)),
                tone="risk",
                asks=True,
            )
    return _mend(row, row.latest_deploy) if row.latest_deploy else None


def _common_sha(row: SiteRow) -> str:
    """The head where it may run, else what the first workload is asked to run: what all workloads can be brought to."""
    is_good = row.seen.head_image_built and row.seen.check_state != CheckState.FAILURE
    return row.seen.head_sha if is_good else row.seen.desired_sha


def _mend(row: SiteRow, latest: Deploy) -> ActionButton | None:
    match row.answer.action:
        case Action.RETRY if not latest.queued_at:
            # It never came to its turn: what it waited for may still be missing.
            return ActionButton(label=ACTIONS[Action.RETRY], url=_dialog(row, latest.sha), asks=True)
        case Action.RETRY:
            url = reverse("retry-deploy", args=[latest.pk])
            return ActionButton(
                label=ACTIONS[Action.RETRY], url=url, posts=True, sha=latest.sha, seen=row.seen.deployed_sha
            )
        case Action.ROLL_BACK:
            url = f"{reverse('roll-back', args=[row.name])}?{urlencode({'sha': latest.from_sha})}"
            return ActionButton(label=ACTIONS[Action.ROLL_BACK], url=url, tone="risk")
    return None


def _dialog(row: SiteRow, sha: str) -> str:
    return f"{reverse('deploy-site', args=[row.name])}?{urlencode({'sha': sha})}"


def _resume(row: SiteRow, holds: Iterable[StandingHold]) -> ActionButton | None:
    """Resume this site's Hold. A pause of everything is resumed from the banner on top of the page."""
    mine = [hold for hold in holds if hold.site_id == row.site.pk and hold.sha in ("", row.seen.target_sha)]
    if not mine:
        return None
    widest = min(mine, key=lambda hold: bool(hold.sha))
    return ActionButton(
        label=ACTIONS[Action.RESUME], url=reverse("resume-hold", args=[widest.id]), posts=True
    )
