"""What the cluster shows of the Deploys under way."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from deployments.clients.cluster import Cluster, ClusterError, Listed, NotFound, Pods
from deployments.models import Deploy
from deployments.operations.deploys.follow.context import FollowContext
from deployments.operations.deploys.patch import has_our_image
from deployments.rules.pods import Event, Pod, condition, is_ready
from deployments.rules.restarts import restarted_pods
from deployments.rules.selectors import selector
from deployments.rules.workloads import (
    ReplicaSet,
    Workload,
    containers,
    is_observed,
    owned_pods,
    pods_of,
    present_replica_set,
    runs_image,
)

FEW = 3
NAMED_WHERE_ONE_IN = 25
"""A list costs so much less per Deployment than two requests of its own: docs/decisions/0014-admission.md."""


class NamespaceLook:
    """What one namespace shows now. Raises ClusterError where it may not be asked."""

    def __init__(self, cluster: Cluster, name: str, *, by_lists: bool) -> None:
        self._cluster = cluster
        self._name = name
        self._by_lists = by_lists

    def deployment(self, name: str) -> Workload | None:
        """None: it is gone."""
        if self._by_lists:
            return self._deployments.named(name)
        try:
            return self._cluster.deployment(self._name, name)
        except NotFound:
            return None

    def pods(self, deployment: Workload) -> list[Pod]:
        """At least the Deployment's own, and hardly any others."""
        if self._by_lists:
            return self._pods.of_workload(deployment.name)
        return list(self._cluster.pods(self._name, label_selector=selector(deployment.selector)))

    @property
    def size(self) -> int:
        """How many Deployments there are; they are listed."""
        return len(self._deployments)

    @cached_property
    def _deployments(self) -> Listed[Workload]:
        return self._cluster.deployments(self._name)

    @cached_property
    def _pods(self) -> Pods:
        return self._cluster.pods(self._name, label_selector="")


def asks_by_lists(*, followed: int, size: int | None) -> bool:
    """Whether lists are cheaper than names where so many of a namespace's Deployments are followed; `size`: not known yet."""
    return followed > FEW if size is None else followed * NAMED_WHERE_ONE_IN > size


logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """What the cluster showed of one Deploy."""

    deploy: Deploy
    deployment: Workload | None
    """None: it is gone."""
    pods: Sequence[Pod]
    """Its own, those being deleted too."""
    new_pods: Sequence[Pod]
    """Those of the present template, whatever admission has made of their images."""
    events: Sequence[Event]
    """Of the pod that is late for the longest time, and of a ReplicaSet that has too few."""
    now: datetime

    @property
    def ready(self) -> int:
        """Number of ready new pods."""
        return sum(is_ready(pod) for pod in self.new_pods)

    @property
    def image(self) -> str:
        """The image that the container has by this Deploy, as it is spelt now; else the one that was asked for."""
        if self.deployment is None or not has_our_image(self.deploy, self.deployment):
            return self.deploy.set_image
        return containers(self.deployment)[self.deploy.site.container]


def take_snapshots(
    context: FollowContext, namespace: str, deploys: Sequence[Deploy], *, now: datetime
) -> Iterator[tuple[Deploy, Snapshot | ClusterError]]:
    """Look at the Deploys of one namespace, each with what it shows, or why it cannot be looked at.

    A refusal is that of one Deployment where it was asked for alone; a silent cluster is not asked for the others.
    """
    by_lists = asks_by_lists(followed=len(deploys), size=context.sizes.get(namespace))
    look = NamespaceLook(context.clients.cluster, namespace, by_lists=by_lists)
    everyones: ClusterError | None = None
    for deploy in deploys:
        try:
            if everyones is None:
                yield deploy, _snapshot(context, look, deploy, now=now)
                continue
        except ClusterError as error:
            logger.warning("Cannot look at %s in namespace %s: %s", deploy, namespace, error)
            if not by_lists and error.status:
                yield deploy, error
                continue
            everyones = error
        yield deploy, everyones
    if by_lists and everyones is None:
        context.sizes[namespace] = look.size


def _snapshot(context: FollowContext, look: NamespaceLook, deploy: Deploy, *, now: datetime) -> Snapshot:
    deployment = look.deployment(deploy.site.deployment)
    if deployment is None:
        return Snapshot(deploy, None, (), (), (), now)
    own = owned_pods(deployment, look.pods(deployment))
    if deploy.restarted_at:
        own = restarted_pods(deployment, own, at=deploy.restarted_at)
    replica_set, new = _new_pods(context, deploy, deployment, own)
    events: Sequence[Event] = ()
    if now - (deploy.patched_at or now) >= context.timeouts.details:
        events = _events(context.clients.cluster, deployment, replica_set, new, now=now)
    return Snapshot(deploy, deployment, own, new, events, now)


def _new_pods(
    context: FollowContext, deploy: Deploy, deployment: Workload, own: Sequence[Pod]
) -> tuple[ReplicaSet | None, list[Pod]]:
    """The present template's ReplicaSet, where its controller has made it, and its pods."""
    try:
        replica_set = _replica_set(context, deploy, deployment)
    except ClusterError as error:
        logger.warning("No ReplicaSets of %s: %s", deploy, error)
        container = deploy.site.container
        image = containers(deployment).get(container, "")
        return None, [pod for pod in own if runs_image(pod, container=container, image=image)]
    return replica_set, pods_of(replica_set, own) if replica_set else []


def _replica_set(context: FollowContext, deploy: Deploy, deployment: Workload) -> ReplicaSet | None:
    """Asked for once for each generation: what the controller has made of it stays so."""
    known = context.replica_sets.get(deploy.pk)
    is_seen = is_observed(deployment)
    if known and (known.owned_by(deployment) or not is_seen):
        same = present_replica_set(deployment, [known.replica_set])
        if same:
            return same
    found = context.clients.cluster.replica_sets(
        deployment.namespace, label_selector=selector(deployment.selector)
    )
    present = present_replica_set(deployment, found)
    if present and is_seen:
        context.remember(deploy.pk, deployment, present)
    return present


def _events(
    cluster: Cluster,
    deployment: Workload,
    replica_set: ReplicaSet | None,
    new: Sequence[Pod],
    *,
    now: datetime,
) -> Sequence[Event]:
    """What is reported of one late pod: one suffices to know what is wrong with its image. Empty where it may not be asked."""
    late = [pod for pod in new if not is_ready(pod)]
    first = min(late, key=lambda pod: (pod.created_at or now, pod.name), default=None)
    found: list[Event] = []
    try:
        if first:
            found += cluster.events(deployment.namespace, uid=first.uid)
        if replica_set and _is_short(deployment, new, has_late_pods=bool(late)):
            found += cluster.events(deployment.namespace, uid=replica_set.uid)
    except ClusterError as error:
        logger.warning("No events of %s: %s", deployment.name, error)
    return found


def _is_short(deployment: Workload, new: Sequence[Pod], *, has_late_pods: bool) -> bool:
    """Whether there are too few new pods for another reason than that some are late."""
    if len(new) >= deployment.counts.wanted:
        return False
    refused = condition(deployment.conditions, "ReplicaFailure")
    return not has_late_pods or (refused is not None and refused.status == "True")
