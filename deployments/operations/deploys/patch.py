"""The one change that a Deploy makes in the cluster, with every guard on what is there just before it."""

from datetime import datetime, timedelta

from deployments.clients.cluster import (
    Cluster,
    ClusterError,
    ClusterRefused,
    ClusterUnavailable,
    Conflict,
    NotFound,
    Throttled,
)
from deployments.facts import StandingHold, hold_on, stopping_holds
from deployments.models import Deploy, Kind
from deployments.operations.authorization import is_administrator
from deployments.operations.deploys.deploy_request import guard_input_at_start, image_repository
from deployments.operations.deploys.rewritten import asked_image
from deployments.rules.autodeploy import NOT_TRIED
from deployments.rules.guards import first_refusal
from deployments.rules.managers import not_ours_to_change
from deployments.rules.ours import DEPLOY_ANNOTATION, is_ours, is_rewriting_of
from deployments.rules.restarts import restarted_at
from deployments.rules.wording import short
from deployments.rules.workloads import Workload, containers, is_same_image

READ_AGAIN_AT_MOST = 5
DENIED_AT_MOST = timedelta(minutes=1)


class Refused(Exception):
    """A guard's sentence, or an outside system's refusal: this Deploy ends here."""

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class TryLater(Exception):
    """An outside system does not answer: this Deploy stays queued, and is taken up again in a moment."""


def apply_guarded(deploy: Deploy, *, cluster: Cluster, now: datetime) -> Workload:
    """The Deployment as it is after the one change. Raises Refused, TryLater."""
    for _ in range(READ_AGAIN_AT_MOST):
        try:
            return _apply_once(deploy, cluster, now=now)
        except Conflict:
            continue
        except (ClusterUnavailable, Throttled) as error:
            raise TryLater(f"{error} Headway keeps trying.") from error
        except ClusterRefused as error:
            raise _denied(deploy, error, now=now) from error
        except ClusterError as error:
            raise Refused(str(error)) from error
    raise TryLater("The Deployment keeps changing while Headway looks at it. Headway keeps trying.")


def _apply_once(deploy: Deploy, cluster: Cluster, *, now: datetime) -> Workload:
    site = deploy.site
    deployment = cluster.deployment(site.namespace, site.deployment)
    _check_workload(deploy, deployment, now=now)
    if not deploy.mark_patch_sent(now=now):
        raise Refused("Cancelled before anything was changed.")
    patched = apply(deploy, deployment, cluster=cluster)
    _check_answer(deploy, before=deployment, after=patched)
    return patched


def _denied(deploy: Deploy, error: ClusterRefused, *, now: datetime) -> Exception:
    """What a 401 or 403 comes to: an API server that starts gives them until it knows its RBAC, and tokens are renewed."""
    if not error.status or error.is_by_policy:
        return Refused(str(error))
    since = deploy.denied_since or now
    if now - since >= DENIED_AT_MOST:
        return Refused(str(error), reason=NOT_TRIED)
    deploy.note(now=now, denied_since=since)
    return TryLater(f"{error} Headway keeps trying for a minute.")


def _stopping(deploy: Deploy, *, now: datetime) -> tuple[StandingHold, ...]:
    holds = StandingHold.all(now=now)
    return stopping_holds(deploy.site, kind=deploy.kind, sha=deploy.sha, holds=holds)


def _check_workload(deploy: Deploy, deployment: Workload, *, now: datetime) -> None:
    site = deploy.site
    present = containers(deployment).get(site.container)
    if is_done(deploy, deployment):
        return
    if refusal := not_ours_to_change(deployment):
        raise Refused(refusal)
    if deploy.kind == Kind.RESTART and deployment.is_paused:
        raise Refused("The Deployment is paused: resume it with kubectl rollout resume, then restart.")
    missing = (
        ""
        if present is not None
        else (
            f"Deployment {site.deployment} has no container named {site.container}: correct the mapping's container."
        )
    )
    asked = asked_image(site, deployment)
    # Rewritten since it was seen, and by nobody's wish.
    is_as_seen = asked != present and asked in {deploy.from_image, site.observation.requested_image}
    refusal = first_refusal(
        guard_input_at_start(
            deploy,
            workload_missing=missing,
            present_repository=image_repository(asked),
            accepts_other_app=bool(present) and present == deploy.accepts_image,
            is_by_administrator=is_administrator(deploy.requested_by),
            hold=hold_on(site, sha=deploy.sha, holds=_stopping(deploy, now=now)),
            seen=deploy.from_image,
            present=deploy.from_image if is_as_seen else present or "",
        )
    )
    if refusal:
        raise Refused(refusal)


def _check_answer(deploy: Deploy, *, before: Workload, after: Workload) -> None:
    """An admission may spell the image otherwise; one that leaves what was there has refused the change."""
    kept, answered = (containers(each).get(deploy.site.container, "") for each in (before, after))
    if deploy.kind == Kind.RESTART or not is_same_image(kept, answered):
        return
    if not is_rewriting_of(answered, asked=deploy.image, digest=deploy.digest):
        raise Refused(
            f"The cluster accepted the change and left the image at {kept}: a webhook puts it back. "
            "Change its policy, or deploy by what it belongs to."
        )


CAUSE_ANNOTATION = "kubernetes.io/change-cause"
CAUSE_LENGTH = 200
DID = {Kind.DEPLOY: "deployed", Kind.ROLLBACK: "rolled back to", Kind.RESTART: "restarted"}


def apply(deploy: Deploy, deployment: Workload, *, cluster: Cluster) -> Workload:
    """Make the one change that this Deploy asks for; return the Deployment as it is then. Raises ClusterError."""
    did = DID[Kind(deploy.kind)]
    cause = f"Headway: {deploy.requested_by_name} {did} {short(deploy.sha)} {deploy.headline}"
    cause = cause[:CAUSE_LENGTH].rstrip()
    annotations = {CAUSE_ANNOTATION: cause, DEPLOY_ANNOTATION: str(deploy.pk)}
    if deploy.kind == Kind.RESTART:
        return cluster.restart(deployment, at=deploy.restarted_at, annotations=annotations)
    container = deploy.site.container
    return cluster.set_image(deployment, container=container, image=deploy.image, annotations=annotations)


def is_done(deploy: Deploy, deployment: Workload) -> bool:
    """Whether the Deployment was changed so already, whatever admission has made of the image."""
    if deploy.kind == Kind.RESTART and restarted_at(deployment.template) != deploy.restarted_at:
        return False
    return has_our_image(deploy, deployment)


def has_our_image(deploy: Deploy, deployment: Workload) -> bool:
    """Whether the container has the image that this Deploy gave it, or that a restart found there."""
    return is_ours(
        deployment,
        container=deploy.site.container,
        images=(deploy.image, deploy.applied_image),
        digest=deploy.digest,
        deploy_id=deploy.pk,
        sets_image=deploy.kind != Kind.RESTART,
    )


def done_before(deploy: Deploy, *, cluster: Cluster) -> Workload | None:
    """The Deployment, where a worker that has died or heard no answer changed it already: no guard can stop that any more.

    None where the cluster was not told, or it did not come to anything. Raises ClusterError.
    """
    if deploy.patch_sent_at is None:
        return None
    site = deploy.site
    try:
        deployment = cluster.deployment(site.namespace, site.deployment)
    except NotFound:
        return None
    return deployment if is_done(deploy, deployment) else None
