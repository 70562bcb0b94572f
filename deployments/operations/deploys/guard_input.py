"""What is known of a wish when it is made, from rows alone; and again when a worker begins with it."""

from typing import Any

from deployments.models import CommitRange, Deploy, Kind, Site, Status
from deployments.operations.authorization import is_administrator
from deployments.operations.deploys.deploy_request import DeployRequest
from deployments.rules.guards import NEVER_SYNCED, GuardInput
from deployments.rules.images import UnableToParseImage, is_full_sha, parse_image
from deployments.rules.site_state import SiteFacts


def guard_input_at_request(site: Site, facts: SiteFacts, deploy_request: DeployRequest) -> GuardInput:
    """Put together what the guards judge by when a wish is made."""
    is_head = deploy_request.sha == facts.head_sha
    missing = facts.workload_missing
    if facts.cluster_observed_at is None:
        missing = missing or NEVER_SYNCED
    return GuardInput(
        sha=deploy_request.sha,
        slug=f"{site.owner}/{site.repository}",
        is_on_branch=True
        if is_head or deploy_request.kind != Kind.DEPLOY or _is_known(site, deploy_request.sha)
        else None,
        is_image_built=facts.head_image_built if is_head and not deploy_request.readiness else None,
        image=image_of(site, deploy_request),
        workload_missing=missing,
        expected_repository=facts.expected_repository,
        present_repository=image_repository(facts.meant_image),
        accepts_other_app=bool(replaced_image(deploy_request, facts)),
        is_by_administrator=is_administrator(deploy_request.by),
        hold=facts.hold,
        other=facts.active,
        seen=deploy_request.seen_sha,
        present=facts.running_sha,
        check_state=facts.check_state if is_head else GuardInput.check_state,
        accepts_red=deploy_request.accepts_red,
    )


def guard_input_at_start(deploy: Deploy, **known: Any) -> GuardInput:
    """Put together what the guards judge by before the patch: of what lies outside, only `known` is known."""
    return GuardInput(
        sha=deploy.sha,
        slug=f"{deploy.site.owner}/{deploy.site.repository}",
        image=deploy.image,
        expected_repository=deploy.site.expected_repository,
        **known,
    )


def _is_known(site: Site, sha: str) -> bool:
    """Whether this commit was seen on the site's branch before; where not, the worker asks GitHub."""
    if site.deploys.filter(sha=sha, status=Status.SUCCEEDED).exists():
        return True
    ranges = CommitRange.objects.filter(owner=site.owner, repository=site.repository)
    return ranges.filter(commits__contains=[{"sha": sha}]).exists()


def image_of(site: Site, deploy_request: DeployRequest) -> str:
    """Return the image that is wished for; empty where the commit is none, or the site's template gives none."""
    has_one = is_full_sha(deploy_request.sha) and site.expected_repository
    return deploy_request.image or (str(site.image_for(deploy_request.sha)) if has_one else "")


def replaced_image(deploy_request: DeployRequest, facts: SiteFacts) -> str:
    """Return another app's image that would be replaced, with the consent of the person who asks; else nothing."""
    is_foreign = image_repository(facts.meant_image) != facts.expected_repository
    return (
        deploy_request.accepts_image
        if is_foreign and deploy_request.accepts_image == facts.desired_image
        else ""
    )


def image_repository(image: str) -> str:
    """Return the image repository of an image's name; empty where that name cannot be read."""
    try:
        return parse_image(image).repository
    except UnableToParseImage:
        return ""
