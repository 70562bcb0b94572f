"""Pods, their containers and what is reported of them, as rules read them: https://kubernetes.io/docs/reference/kubernetes-api/.

Times are None, texts empty and numbers 0 where the API server leaves them out. `deployments.clients.cluster` makes these from its JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

TEMPLATE_HASH = "pod-template-hash"


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One of an object's status conditions; `status` is `True`, `False` or `Unknown`."""

    type: str
    status: str = ""
    reason: str = ""
    message: str = ""
    changed_at: datetime | None = None
    """`lastTransitionTime`: since when it has this status."""
    updated_at: datetime | None = None
    """`lastUpdateTime`, which only Deployments have: when its reason or message changed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """An object that this one goes with; the one that made it and manages it `is_controller`."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    is_controller: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """How often the kubelet probes; the API server fills in what a manifest leaves out."""

    initial_delay_seconds: int = 0
    period_seconds: int = 10
    timeout_seconds: int = 1
    failure_threshold: int = 3

    @property
    def patience_seconds(self) -> int:
        """For how long it may fail before it counts as failed."""
        return self.initial_delay_seconds + self.period_seconds * self.failure_threshold


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerSpec:
    """A container as a pod's spec, or a template, wants it."""

    name: str
    image: str = ""
    image_pull_policy: str = ""
    is_init: bool = False
    is_sidecar: bool = False
    """An init container that keeps running beside the others, since its restartPolicy is Always."""
    memory_limit: str = ""
    """As it is written, such as `256Mi`."""
    startup_probe: Probe | None = None
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A container that does not run yet, or not at the moment."""

    reason: str = ""
    message: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A container that runs, ready or not."""

    started_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Terminated:
    """A container whose process has ended."""

    exit_code: int | None = None
    signal: int | None = None
    reason: str = ""
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


ContainerState = Waiting | Running | Terminated


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerStatus:
    """What the kubelet reports of one container."""

    name: str
    image: str = ""
    image_id: str = ""
    is_ready: bool = False
    is_started: bool | None = None
    """Whether its startup probe has passed; None where that is not reported."""
    restarts: int = 0
    state: ContainerState = field(default_factory=Waiting)
    last_ended: Terminated | None = None
    """How its run before this one ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pod:
    """One pod. `statuses` are those of init and other containers alike, by name: a pod has no name twice."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    owners: Sequence[Owner] = ()
    created_at: datetime | None = None
    is_terminating: bool = False
    """It is on its way out."""
    terminating_at: datetime | None = None
    """`deletionTimestamp`: when it is to be gone, its grace period included."""
    containers: Sequence[ContainerSpec] = ()
    init_containers: Sequence[ContainerSpec] = ()
    readiness_gates: Sequence[str] = ()
    """The types of the conditions that must hold too before it is ready."""
    node: str = ""
    phase: str = ""
    reason: str = ""
    message: str = ""
    started_at: datetime | None = None
    """When the kubelet took it on."""
    conditions: Sequence[Condition] = ()
    statuses: Mapping[str, ContainerStatus] = field(default_factory=dict)

    @property
    def controller(self) -> Owner | None:
        return next((each for each in self.owners if each.is_controller), None)

    @property
    def template_hash(self) -> str:
        """What the Deployment controller calls the template that it was made from."""
        return self.labels.get(TEMPLATE_HASH, "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that the cluster reports of the object with this `uid`, once or `count` times."""

    type: str = ""
    """`Normal` or `Warning`."""
    reason: str = ""
    message: str = ""
    count: int = 1
    first_at: datetime | None = None
    last_at: datetime | None = None
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    field_path: str = ""
    """Which part of the object it is about, such as `spec.containers{web}`."""

    @property
    def container(self) -> str:
        """The container that it is about, init and debug containers among them; empty where it is about the whole pod."""
        part, brace, rest = self.field_path.partition("{")
        is_container = brace and part in {
            "spec.containers",
            "spec.initContainers",
            "spec.ephemeralContainers",
        }
        return rest.removesuffix("}") if is_container else ""


def condition(conditions: Sequence[Condition], kind: str) -> Condition | None:
    """The condition of that type, or None."""
    return next((each for each in conditions if each.type == kind), None)


def is_active(pod: Pod) -> bool:
    """Whether the pod counts among its ReplicaSet's: not being deleted, and not left behind, as by an eviction.

    Kubernetes' `IsPodActive`: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase.
    """
    return not pod.is_terminating and pod.phase not in {"Failed", "Succeeded"}


def is_ready(pod: Pod) -> bool:
    """Whether the pod takes requests, and is neither on its way out nor left behind.

    One that went with its node keeps the conditions that its kubelet reported last: https://github.com/kubernetes/kubernetes/issues/116965.
    """
    ready = condition(pod.conditions, "Ready")
    return ready is not None and ready.status == "True" and is_active(pod)
