"""What the cluster shows of the Deploys under way: one LIST of Deployments and one of pods for each namespace."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from deployments.clients.cluster import Cluster, ClusterError
from deployments.models import Deploy
from deployments.operations.deploys.follow.context import Timeouts
from deployments.rules.pods import Event, Pod, condition, is_ready
from deployments.rules.restarts import restarted_pods
from deployments.rules.selectors import selector
from deployments.rules.workloads import ReplicaSet, Workload, newest_replica_set, owned_pods, runs_image

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """What the cluster showed of one Deploy."""

    deploy: Deploy
    deployment: Workload | None
    """None: it is gone."""
    pods: Sequence[Pod]
    """Its own, those being deleted too."""
    events: Sequence[Event]
    """Of the pod that is late for the longest time, and of a ReplicaSet that has too few."""
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
    late = [pod for pod in snapshot.new_pods if not is_ready(pod)]
    found: list[Event] = []
    try:
        if late:
            first = min(late, key=lambda pod: (pod.created_at or snapshot.now, pod.name))
            found += cluster.events(namespace, uid=first.uid)
        if newest := _short_replica_set(cluster, snapshot, has_late_pods=bool(late)):
            found += cluster.events(namespace, uid=newest.uid)
    except ClusterError as error:
        logger.warning("No events of %s: %s", snapshot.deploy, error)
    return found


def _short_replica_set(cluster: Cluster, snapshot: Snapshot, *, has_late_pods: bool) -> ReplicaSet | None:
    """The ReplicaSet of the new pods, where there are too few of them for another reason than that some are late."""
    deployment, deploy = snapshot.deployment, snapshot.deploy
    if deployment is None or len(snapshot.new_pods) >= deployment.counts.wanted:
        return None
    refused = condition(deployment.conditions, "ReplicaFailure")
    if has_late_pods and (refused is None or refused.status != "True"):
        return None
    own = cluster.replica_sets(deploy.site.namespace, label_selector=selector(deployment.selector))
    return newest_replica_set(deployment, own, container=deploy.site.container, image=deploy.image)
