"""Roll back to a commit that ran here before, and put the current one on hold, so that no sync undoes it."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from deployments.models import Deploy, Hold, Kind, Observation, Site, Status, Trigger
from deployments.operations.deploys.deploy_request import DeployRequest, note_refusal
from deployments.operations.deploys.request import UnableToDeploy, lock, request, same_request
from deployments.operations.hold import UnableToHold, place_hold
from deployments.queries.builds import build_of, image_of
from deployments.rules.guards import NEVER_SYNCED
from deployments.rules.reauth_reasons import NEVER, Authentication
from deployments.rules.rollbacks import Past, way_back
from deployments.rules.wording import short

PAST_LOOKED_AT = 20


def request_rollback(
    *,
    site: Site,
    sha: str,
    seen_sha: str,
    by: User | None,
    rolls_back: Deploy | None = None,
    cause: str = "",
    authentication: Authentication = NEVER,
    idempotency_key: UUID | None = None,
    now: datetime,
) -> Deploy:
    """Ask for `sha` to run again, and hold the commit that is left behind: both in one transaction.

    `by` is None where Headway does it automatically, for `cause`. Raises UnableToDeploy with the refusing guard's sentence, and
    ReauthenticationRequired as request_deploy does.
    """
    refused: UnableToDeploy | None = None
    with transaction.atomic():
        locked = lock(site)
        left = rolls_back or _left_behind(locked)
        deploy_request = DeployRequest(
            sha=sha,
            seen_sha=seen_sha,
            trigger=Trigger.PERSON if by else Trigger.FAILURE,
            by=by,
            kind=Kind.ROLLBACK,
            image=_image_of(locked, sha),
            rolls_back=left,
            cause=cause,
            accepts_red=True,
            key=idempotency_key,
            authentication=authentication,
        )
        if first := same_request(locked, deploy_request):
            return first
        try:
            deploy = _request(deploy_request, locked, now=now)
        except UnableToDeploy as error:
            refused = error
        else:
            _hold_left_behind(locked, deploy, by=by, now=now)
            return deploy
    raise refused


def roll_back_automatically(deploy: Deploy, *, now: datetime) -> None:
    """Where the site wants so, go back from a rollout that failed or timed out, and say so in its sentence."""
    if deploy.site.auto_rollback:
        audited = f"{deploy.message} {_by_itself(deploy, now=now)}"
        Deploy.objects.filter(pk=deploy.pk).update(message=audited)
        deploy.message = audited


def way_back_from(deploy: Deploy) -> str:
    """The commit to go back to: what ready pods ran before, else the last other one that succeeded; empty: none."""
    ran = _ran_before(deploy)
    if ran and ran != deploy.sha:
        return ran
    good = deploy.site.deploys.filter(status=Status.SUCCEEDED).exclude(sha=deploy.sha)
    return good.values_list("sha", flat=True).first() or ""


def ran_here(site: Site, sha: str) -> bool:
    """Whether this commit has succeeded on this site, or was seen running when another was requested."""
    proofs = Q(sha=sha, status=Status.SUCCEEDED) | Q(from_sha=sha) & ~Q(kind=Kind.ROLLBACK)
    return bool(sha) and site.deploys.filter(proofs).exists()


def _by_itself(failed: Deploy, *, now: datetime) -> str:
    """Request the rollback; return the sentence that announces it, or why there is none."""
    target = _ran_before(failed)
    earlier = failed.site.deploys.filter(pk__lt=failed.pk)[:PAST_LOOKED_AT]
    if why_not := way_back([_past(each) for each in earlier], failed=_past(failed), before=target):
        return why_not
    cause = f"The deploy of {short(failed.sha)} {Status(failed.status).label.lower()}: {failed.message}"
    seen = Observation.objects.get(site=failed.site).deployed_sha
    try:
        request_rollback(
            site=failed.site, sha=target, seen_sha=seen, by=None, rolls_back=failed, cause=cause, now=now
        )
    except UnableToDeploy as refusal:
        return f"Not rolled back automatically. {refusal}"
    return f"Rolling back to {short(target)} automatically."


def _past(deploy: Deploy) -> Past:
    return Past(
        sha=deploy.sha,
        image=deploy.image,
        succeeded=deploy.status == Status.SUCCEEDED,
        is_rollback=deploy.kind == Kind.ROLLBACK,
        is_automatic=deploy.trigger == Trigger.FAILURE,
    )


def _left_behind(site: Site) -> Deploy | None:
    """The Deploy that brought what the container is asked to run now."""
    seen = site.observation
    return site.deploys.filter(sha=seen.deployed_sha).exclude(kind=Kind.RESTART).first()


def _ran_before(deploy: Deploy) -> str:
    """What was seen running when this was requested. A rollback names there what it leaves, which may never have run."""
    return "" if deploy.kind == Kind.ROLLBACK else deploy.from_sha


def _image_of(site: Site, sha: str) -> str:
    """The very image that ran as this commit; empty where only the site's template has it."""
    ran = site.deploys.filter(sha=sha, status=Status.SUCCEEDED).values_list("image", flat=True)
    asked = site.deploys.filter(from_sha=sha, from_image__contains=short(sha)).values_list(
        "from_image", flat=True
    )
    build = build_of(site, sha)
    known = (*ran[:1], *asked[:1], *([image_of(site, build)] if build else []))
    return next((image for image in known if site.owns(image)), "")


def _request(deploy_request: DeployRequest, site: Site, *, now: datetime) -> Deploy:
    if refusal := _refusal(site, deploy_request):
        note_refusal(refusal, deploy_request, site=site, now=now)
        raise UnableToDeploy(refusal)
    return request(deploy_request, site=site, now=now)


def _refusal(site: Site, deploy_request: DeployRequest) -> str:
    if site.observation.cluster_observed_at is None:
        return NEVER_SYNCED
    if not ran_here(site, deploy_request.sha):
        return f"{short(deploy_request.sha) or 'That commit'} has not run here before. Deploy it instead of rolling back to it."
    gone = Q(image=deploy_request.image, image_gone=True) | Q(
        from_image=deploy_request.image, from_image_gone=True
    )
    if deploy_request.image and site.deploys.filter(gone).exists():
        return f"The registry no longer has the image of {short(deploy_request.sha)}. Choose another commit, or build it again."
    seen = site.observation
    left = deploy_request.rolls_back.sha if deploy_request.rolls_back else seen.deployed_sha
    if deploy_request.sha == left:
        return f"{short(deploy_request.sha)} is already running."
    return ""


def _hold_left_behind(site: Site, rollback: Deploy, *, by: User | None, now: datetime) -> None:
    """Hold it, unless it is held already."""
    seen = site.observation
    left = rollback.rolls_back.sha if rollback.rolls_back else seen.deployed_sha
    if not left:
        return
    why = f"Rolled back by {by.get_username()}" if by else "Rolled back automatically"
    reason = f"{why}. {rollback.cause}".strip()[: Hold._meta.get_field("reason").max_length]  # noqa: SLF001  Django's documented Meta API
    try:
        place_hold(
            site=site, sha=left, reason=reason if rollback.cause else why, by=by, rollback=rollback, now=now
        )
    except UnableToHold:
        return
