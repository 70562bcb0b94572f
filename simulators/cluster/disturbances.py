"""What happens to a cluster on ordinary bad days, declared as data: `DemoCluster.disturb` makes it happen on schedule."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from simulators.cluster.kinds import DEPLOYMENTS, PODS, Json
from simulators.cluster.pods import FINISHED, is_active

if TYPE_CHECKING:
    from simulators.cluster.admission import Mutation, Reverter
    from simulators.cluster.cluster import DemoCluster


@dataclass(frozen=True, kw_only=True)
class Disturbance(ABC):
    """Something that happens after so many seconds."""

    after_seconds: float = 0.0

    @abstractmethod
    def happen(self, cluster: DemoCluster) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Eviction(Disturbance):
    """A node runs short of memory, and evicts a pod of the Deployment: the one that is there for the longest, or the shortest, time."""

    namespace: str
    name: str
    which: Literal["oldest", "newest"] = "newest"

    def happen(self, cluster: DemoCluster) -> None:
        pods = [pod for pod in _pods_of(cluster, self.namespace, self.name) if "nodeName" in pod["spec"]]
        if pods:
            pick = min if self.which == "oldest" else max
            cluster.evict(pick(pods, key=_age_order))


@dataclass(frozen=True, kw_only=True)
class NodeEnd(Disturbance):
    """A spot node is taken away: all its pods stay behind as failed, or, where it was drained first, are deleted."""

    node: str
    is_drained: bool = False

    def happen(self, cluster: DemoCluster) -> None:
        message = "Pod was terminated in response to imminent node shutdown."
        for pod in cluster.store.all_of(PODS.plural):
            if pod["spec"].get("nodeName") == self.node and is_active(pod):
                if self.is_drained:
                    cluster.machinery.terminate(pod)
                else:
                    cluster.evict(pod, reason="Terminated", message=message)


@dataclass(frozen=True, kw_only=True)
class WebhookChange(Disturbance):
    """From now on these webhooks rewrite what is written, and no others."""

    mutations: tuple[Mutation, ...] = ()

    def happen(self, cluster: DemoCluster) -> None:
        cluster.mutations[:] = self.mutations


@dataclass(frozen=True, kw_only=True)
class FullQuota(Disturbance):
    """The namespace may have no more pods than it has, for so many seconds; None is forever."""

    namespace: str
    seconds: float | None = None

    def happen(self, cluster: DemoCluster) -> None:
        pods = cluster.store.all_of(PODS.plural, self.namespace)
        used = sum(pod["status"].get("phase") not in FINISHED for pod in pods)
        cluster.set_pod_quota(self.namespace, used)
        if self.seconds is not None:
            cluster.disturb(NoQuota(after_seconds=self.seconds, namespace=self.namespace))


@dataclass(frozen=True, kw_only=True)
class NoQuota(Disturbance):
    namespace: str

    def happen(self, cluster: DemoCluster) -> None:
        cluster.set_pod_quota(self.namespace, None)


@dataclass(frozen=True, kw_only=True)
class BusyController(Disturbance):
    """The Deployment controller sees changes so much later from now on."""

    lag_seconds: float

    def happen(self, cluster: DemoCluster) -> None:
        cluster.lag_deployment_controller(self.lag_seconds)


@dataclass(frozen=True, kw_only=True)
class Annotated(Disturbance):
    """Someone's controller writes an annotation, which is a new generation."""

    namespace: str
    name: str
    annotation: str

    def happen(self, cluster: DemoCluster) -> None:
        cluster.annotate(self.namespace, self.name, seen=self.annotation)


@dataclass(frozen=True, kw_only=True)
class Scaled(Disturbance):
    """An autoscaler wants another number of pods."""

    namespace: str
    name: str
    replicas: int

    def happen(self, cluster: DemoCluster) -> None:
        cluster.scale(self.namespace, self.name, self.replicas)


@dataclass(frozen=True, kw_only=True)
class ImageSet(Disturbance):
    """Someone sets another image with kubectl."""

    namespace: str
    name: str
    container: str
    image: str

    def happen(self, cluster: DemoCluster) -> None:
        cluster.set_image(self.namespace, self.name, container=self.container, image=self.image)


@dataclass(frozen=True, kw_only=True)
class GitOps(Disturbance):
    """From now on a controller puts its image back, for so many seconds."""

    reverter: Reverter
    seconds: float

    def happen(self, cluster: DemoCluster) -> None:
        cluster.reverters.append(self.reverter)
        goes = partial(cluster.reverters.remove, self.reverter)
        cluster.machinery.clock.call_later(self.seconds, goes, patient=True)


@dataclass(frozen=True, kw_only=True)
class ApiFailure(Disturbance):
    """The API server refuses the next requests of that kind, or, with status 0, drops their connections, when they took effect or before."""

    status: int = 0
    times: int = 1
    method: str | None = None
    path_contains: str = ""
    takes_effect: bool = False

    def happen(self, cluster: DemoCluster) -> None:
        method, path = self.method, self.path_contains
        if self.status:
            cluster.fail_next(self.status, self.times, method=method, path_contains=path)
        else:
            cluster.drop_connection(self.times, method=method, path_contains=path, after=self.takes_effect)


def _pods_of(cluster: DemoCluster, namespace: str, name: str) -> list[Json]:
    if cluster.store.find(DEPLOYMENTS.plural, namespace, name) is None:
        return []
    return [pod for pod in cluster.pods(namespace, name) if is_active(pod)]


def _age_order(pod: Json) -> tuple[str, str]:
    return pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]
