"""The state of active Deploys in the cluster."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from deployments.clients.cluster import Cluster, ClusterError, Listed, NotFound, Pods
from deployments.models import Deploy, DeployStep
from deployments.operations.deploys.follow.context import FollowContext
from deployments.operations.deploys.patch import has_our_image
from deployments.rules.new_pods import new_pods
from deployments.rules.pods import Event, Pod, condition, is_ready
from deployments.rules.restarts import restarted_pods
from deployments.rules.selectors import selector
from deployments.rules.workloads import (
    ReplicaSet,
    Workload,
    WorkloadKind,
    all_images,
    is_observed,
    owned_pods,
    present_replica_set,
    runs_image,
)

FEW = 3
NAMED_WHERE_ONE_IN = 25
"""A list costs so much less per workload than two separate requests: docs/decisions/0014-admission.md."""
logger = logging.getLogger(__name__)


class NamespaceLook:
    """What one namespace shows now of one kind of workload. Raises ClusterError where it may not be asked."""

    def __init__(self, cluster: Cluster, name: str, kind: WorkloadKind, *, by_lists: bool) -> None:
        self._cluster = cluster
        self._name = name
        self._kind = kind
        self._by_lists = by_lists

    def workload(self, name: str) -> Workload | None:
        """None: it is gone."""
        if self._by_lists:
            return self._workloads.named(name)
        try:
            return self._cluster.workload(self._kind, self._name, name)
        except NotFound:
            return None

    def pods(self, workload: Workload) -> list[Pod]:
        """At least the workload's own, and hardly any others."""
        if self._by_lists:
            return self._pods.of_workload(workload.name)
        return list(self._cluster.pods(self._name, label_selector=selector(workload.selector)))

    @property
    def size(self) -> int:
        """How many workloads of the kind there are; they are listed."""
        return len(self._workloads)

    @cached_property
    def _workloads(self) -> Listed[Workload]:
        return self._cluster.workloads(self._kind, self._name)

    @cached_property
    def _pods(self) -> Pods:
        return self._cluster.pods(self._name, label_selector="")


def asks_by_lists(*, followed: int, size: int | None) -> bool:
    """Whether lists are cheaper than names where so many of a namespace's workloads are followed; `size`: not known yet."""
    return followed > FEW if size is None else followed * NAMED_WHERE_ONE_IN > size


@dataclass(frozen=True)
class Snapshot:
    """What the cluster showed of one step of a Deploy."""

    step: DeployStep
    workload: Workload | None
    """None: it is gone."""
    pods: Sequence[Pod]
    """Its own, those being deleted too."""
    new_pods: Sequence[Pod]
    """Those of the present template, whatever admission has made of their images, the oldest first."""
    events: Sequence[Event]
    """Of the pod that is late for the longest time, and of a ReplicaSet that has too few."""
    now: datetime

    @property
    def deploy(self) -> Deploy:
        deploy: Deploy = self.step.deploy
        return deploy

    @property
    def ready(self) -> int:
        """Number of ready new pods."""
        return sum(is_ready(pod) for pod in self.new_pods)

    @property
    def images(self) -> dict[str, str]:
        """The image that each container has from this Deploy, in its present spelling; else the requested one."""
        if self.workload is None or not has_our_image(self.step, self.workload):
            return dict.fromkeys(self.step.containers, self.step.set_image)
        present = all_images(self.workload)
        return {container: present[container] for container in self.step.containers}

    @property
    def image(self) -> str:
        """That of the container whose image represents the others'."""
        return self.images.get(self.step.container, self.step.set_image)


def take_snapshots(
    context: FollowContext, namespace: str, kind: WorkloadKind, steps: Sequence[DeployStep], *, now: datetime
) -> Iterator[tuple[DeployStep, Snapshot | ClusterError]]:
    """Read workloads of one kind and namespace, each with its state, or why it cannot be read.

    A refusal is for one workload where it was read alone; after a timeout the others are not read.
    """
    place = f"{namespace}/{kind}"
    by_lists = asks_by_lists(followed=len(steps), size=context.sizes.get(place))
    look = NamespaceLook(context.clients.cluster, namespace, kind, by_lists=by_lists)
    everyones: ClusterError | None = None
    for step in steps:
        try:
            if everyones is None:
                yield step, _snapshot(context, look, step, now=now)
                continue
        except ClusterError as error:
            logger.warning("Cannot read %s in namespace %s: %s", step, namespace, error)
            if not by_lists and error.status:
                yield step, error
                continue
            everyones = error
        yield step, everyones
    if by_lists and everyones is None:
        context.sizes[place] = look.size


def _snapshot(context: FollowContext, look: NamespaceLook, step: DeployStep, *, now: datetime) -> Snapshot:
    workload = look.workload(step.name)
    if workload is None:
        return Snapshot(step, None, (), (), (), now)
    own = owned_pods(workload, look.pods(workload))
    if step.deploy.restarted_at and workload.kind != WorkloadKind.CRON_JOB:
        own = restarted_pods(workload, own, at=step.deploy.restarted_at)
    replica_set, found = _new_pods(context, step, workload, own)
    new = sorted(found, key=lambda pod: (pod.created_at or now, pod.name))
    events: Sequence[Event] = ()
    if now - (step.deploy.patched_at or now) >= context.timeouts.details:
        events = _events(context.clients.cluster, workload, replica_set, new)
    return Snapshot(step, workload, own, new, events, now)


def _new_pods(
    context: FollowContext, step: DeployStep, workload: Workload, own: Sequence[Pod]
) -> tuple[ReplicaSet | None, list[Pod]]:
    """The present template's ReplicaSet, where there is such and its controller has made it, and the template's pods."""
    if workload.kind != WorkloadKind.DEPLOYMENT:
        return None, new_pods(workload, own)
    try:
        replica_set = _replica_set(context, step, workload)
    except ClusterError as error:
        logger.warning("No ReplicaSets of %s: %s", step, error)
        image = all_images(workload).get(step.container, "")
        return None, [pod for pod in own if runs_image(pod, container=step.container, image=image)]
    return replica_set, new_pods(workload, own, [replica_set] if replica_set else [])


def _replica_set(context: FollowContext, step: DeployStep, deployment: Workload) -> ReplicaSet | None:
    """Read once for each generation: what the controller made of it does not change."""
    known = context.replica_sets.get(step.pk)
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
        context.remember(step.pk, deployment, present)
    return present


def _events(
    cluster: Cluster,
    workload: Workload,
    replica_set: ReplicaSet | None,
    new: Sequence[Pod],
) -> Sequence[Event]:
    """What is reported of the first late pod: one suffices to know what is wrong with its image. Empty where it may not be asked."""
    late = [pod for pod in new if not is_ready(pod)]
    first = late[0] if late else None
    maker = replica_set.uid if replica_set else workload.uid
    found: list[Event] = []
    try:
        if first:
            found += cluster.events(workload.namespace, uid=first.uid)
        if _is_short(workload, new, has_late_pods=bool(late)) and _makes_pods(workload, replica_set):
            found += cluster.events(workload.namespace, uid=maker)
    except ClusterError as error:
        logger.warning("No events of %s: %s", workload.name, error)
    return found


def _makes_pods(workload: Workload, replica_set: ReplicaSet | None) -> bool:
    """Whether the object is known that makes the pods, and is refused them: a Deployment's is its ReplicaSet."""
    return replica_set is not None or workload.kind in {WorkloadKind.STATEFUL_SET, WorkloadKind.DAEMON_SET}


def _is_short(workload: Workload, new: Sequence[Pod], *, has_late_pods: bool) -> bool:
    """Whether there are too few new pods for another reason than that some are late."""
    if len(new) >= workload.counts.wanted:
        return False
    refused = condition(workload.conditions, "ReplicaFailure")
    return not has_late_pods or (refused is not None and refused.status == "True")
