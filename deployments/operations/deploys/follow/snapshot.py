"""What the cluster shows of the Deploys under way: one LIST of Deployments and one of pods for each namespace."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from deployments.clients.cluster import Cluster, ClusterError
from deployments.models import Deploy, Status
from deployments.operations.deploys.follow.context import Timeouts
from deployments.rules.pods import Event, Pod, is_ready
from deployments.rules.restarts import restarted_pods
from deployments.rules.selectors import selector
from deployments.rules.workloads import Workload, newest_replica_set, owned_pods, runs_image

logger = logging.getLogger(__name__)
FOLLOWED = (Status.ROLLING_OUT, Status.VERIFYING)


@dataclass(frozen=True)
class Snapshot:
    """What the cluster showed of one Deploy."""

    deploy: Deploy
    deployment: Workload | None
    """None: it is gone."""
    pods: Sequence[Pod]
    """Its own, those being deleted too."""
    events: Sequence[Event]
    """Of one of its pods that are not ready, or of a ReplicaSet that has too few."""
    now: datetime

    @property
    def new_pods(self) -> list[Pod]:
        container, image = self.deploy.site.container, self.deploy.image
        return [pod for pod in self.pods if runs_image(pod, container=container, image=image)]

    @property
    def ready(self) -> int:
        """Number of ready pods that run the image."""
        return sum(is_ready(pod) for pod in self.new_pods)


def take_snapshots(
    cluster: Cluster, namespace: str, deploys: Iterable[Deploy], timeouts: Timeouts, *, now: datetime
) -> list[Snapshot]:
    """Look at the Deploys of one namespace. Raises ClusterError where it cannot be listed."""
    deployments = cluster.deployments(namespace)
    pods = cluster.pods(namespace, label_selector="")
    found = []
    for deploy in deploys:
        deployment = deployments.named(deploy.site.deployment)
        own = owned_pods(deployment, pods.of_workload(deployment.name)) if deployment else []
        if deployment and deploy.restarted_at:
            own = restarted_pods(deployment, own, at=deploy.restarted_at)
        snapshot = Snapshot(deploy, deployment, own, (), now)
        if now - (deploy.patched_at or now) >= timeouts.details:
            snapshot = Snapshot(deploy, deployment, own, _events(cluster, snapshot), now)
        found.append(snapshot)
    return found


def _events(cluster: Cluster, snapshot: Snapshot) -> Sequence[Event]:
    """What is reported of one late pod: one suffices to know what is wrong with its image. Empty where it may not be asked."""
    namespace = snapshot.deploy.site.namespace
    late = next((pod for pod in snapshot.new_pods if not is_ready(pod)), None)
    try:
        if late:
            return cluster.events(namespace, uid=late.uid)
        if snapshot.deployment is None or len(snapshot.new_pods) >= snapshot.deployment.counts.wanted:
            return ()
        own = cluster.replica_sets(namespace, label_selector=selector(snapshot.deployment.selector))
        newest = newest_replica_set(
            snapshot.deployment, own, container=snapshot.deploy.site.container, image=snapshot.deploy.image
        )
        return cluster.events(namespace, uid=newest.uid) if newest else ()
    except ClusterError as error:
        logger.warning("No events of %s: %s", snapshot.deploy, error)
        return ()
