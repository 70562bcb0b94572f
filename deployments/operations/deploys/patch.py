"""The one change that a Deploy makes in the cluster: an image, or for a restart the mark that replaces the pods."""

from deployments.clients.cluster import Cluster, NotFound
from deployments.models import Deploy, Kind
from deployments.rules.ours import DEPLOY_ANNOTATION, is_ours
from deployments.rules.restarts import restarted_at
from deployments.rules.wording import short
from deployments.rules.workloads import Workload

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
