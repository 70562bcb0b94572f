"""Whatever would ship something risky asks here first, whichever button, page or address it came by."""

from datetime import datetime

from django.contrib.auth.models import User

from deployments.models import Deploy, Hold, Kind, Site, Status, Trigger
from deployments.operations.deploys.deploy_request import DeployRequest
from deployments.operations.deploys.guard_input import replaced_image
from deployments.rules.reauth_reasons import Authentication, Change, reauth_reasons
from deployments.rules.site_state import CheckState, SiteFacts


class ReauthenticationRequired(Exception):
    """The sentences name the risk. The person has to authenticate again, and then the same may be asked for again."""


def require_for_wish(deploy_request: DeployRequest, site: Site, facts: SiteFacts, *, now: datetime) -> None:
    """Let pass what is not risky, and what somebody asks for who has authenticated lately.

    Raises ReauthenticationRequired. A shell, the sync and Headway itself have no session, and are not asked.
    """
    if deploy_request.trigger != Trigger.PERSON or deploy_request.is_judged:
        return
    _require(reauth_reasons(_change(deploy_request, site, facts)), deploy_request.authentication, now=now)


def require_for_resuming(hold: Hold, *, by: User, authentication: Authentication, now: datetime) -> None:
    """Let pass whoever placed the Hold; others need to have authenticated lately. Raises ReauthenticationRequired."""
    if hold.placed_by_id != by.pk:
        what = hold.site.host if hold.site else "everything"
        _require((f"{hold.placed_by_name} held {what}: {hold.reason.rstrip('.')}.",), authentication, now=now)


def _require(reasons: tuple[str, ...], authentication: Authentication, *, now: datetime) -> None:
    if reasons and not authentication.is_recent(now=now):
        raise ReauthenticationRequired(" ".join(reasons))


def _change(deploy_request: DeployRequest, site: Site, facts: SiteFacts) -> Change:
    if deploy_request.kind == Kind.RESTART:
        # What runs already is no risk.
        return Change(sha=deploy_request.sha, nearby=frozenset({deploy_request.sha}))
    is_deploy, is_head = deploy_request.kind == Kind.DEPLOY, deploy_request.sha == facts.head_sha
    check_state = facts.check_state if is_head else CheckState.UNKNOWN
    was_red = is_deploy and not is_head and _was_accepted_red(site, deploy_request.sha)
    return Change(
        sha=deploy_request.sha,
        nearby=_nearby(site, facts, deploy_request.sha),
        is_red=was_red or (is_deploy and deploy_request.accepts_red and check_state is CheckState.FAILURE),
        accepts_red=is_deploy and deploy_request.accepts_red,
        replaced_image=replaced_image(deploy_request, facts),
    )


def _nearby(site: Site, facts: SiteFacts, sha: str) -> frozenset[str]:
    seen = frozenset({facts.head_sha, facts.running_sha, facts.desired_sha}) - {""}
    if sha in seen:
        return seen
    latest = site.deploys.values_list("sha", "from_sha").first() or ()
    ran = site.deploys.filter(status=Status.SUCCEEDED).exclude(sha__in=seen)
    return seen | {*latest, *ran.values_list("sha", flat=True)[:1]} - {""}


def _was_accepted_red(site: Site, sha: str) -> bool:
    """Whether this commit, which is not the head any more, was asked for although CI failed."""
    return Deploy.objects.filter(site=site, sha=sha, kind=Kind.DEPLOY, accepts_red=True).exists()
