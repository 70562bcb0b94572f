"""Everything that would deploy something risky asks here first, whatever button, page or URL it came from."""

from datetime import datetime

from deployments.models import Deploy, Kind, Site, Status, Trigger
from deployments.operations.deploys.deploy_request import DeployRequest, check_state_in, replaced_image
from deployments.operations.reauthentication import require
from deployments.rules.findings import hold_message
from deployments.rules.reauth_reasons import Change, reauth_reasons
from deployments.rules.site_state import CheckState, SiteFacts


def require_for_request(
    deploy_request: DeployRequest, site: Site, facts: SiteFacts, *, now: datetime
) -> None:
    """Let pass what is not risky, and what someone asks for who has authenticated lately.

    Raises ReauthenticationRequired. A shell, the sync and Headway itself have no session, and are not asked.
    """
    if deploy_request.trigger != Trigger.PERSON or deploy_request.is_judged:
        return
    require(reauth_reasons(_change(deploy_request, site, facts)), deploy_request.authentication, now=now)


def _change(deploy_request: DeployRequest, site: Site, facts: SiteFacts) -> Change:
    passed = hold_message(deploy_request.passes_hold) if deploy_request.passes_hold else ""
    if deploy_request.kind == Kind.RESTART:
        # What already runs is not risky.
        return Change(sha=deploy_request.sha, nearby=frozenset({deploy_request.sha}), passed_hold=passed)
    is_deploy, is_head = deploy_request.kind == Kind.DEPLOY, deploy_request.sha == facts.head_sha
    check_state = check_state_in(facts, deploy_request.sha)
    was_red = is_deploy and not is_head and _was_accepted_red(site, deploy_request.sha)
    return Change(
        sha=deploy_request.sha,
        nearby=_nearby(site, facts, deploy_request.sha),
        is_red=was_red or (is_deploy and deploy_request.accepts_red and check_state is CheckState.FAILURE),
        accepts_red=is_deploy and deploy_request.accepts_red,
        replaced_image=replaced_image(deploy_request, facts),
        passed_hold=passed,
    )


def _nearby(site: Site, facts: SiteFacts, sha: str) -> frozenset[str]:
    seen = frozenset(
        {facts.head_sha, facts.newest_sha, facts.target_sha, facts.running_sha, facts.desired_sha}
    ) - {""}
    if sha in seen:
        return seen
    latest = site.deploys.values_list("sha", "from_sha").first() or ()
    ran = site.deploys.filter(status=Status.SUCCEEDED).exclude(sha__in=seen)
    return seen | {*latest, *ran.values_list("sha", flat=True)[:1]} - {""}


def _was_accepted_red(site: Site, sha: str) -> bool:
    """Whether this commit, which is no longer the head, was requested although CI failed."""
    return Deploy.objects.filter(site=site, sha=sha, kind=Kind.DEPLOY, accepts_red=True).exists()
