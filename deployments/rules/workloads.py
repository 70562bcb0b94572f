"""What runs pods of a template, as rules read it: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/.

Times are None, texts empty and numbers 0 where the API server leaves them out. `deployments.clients.cluster` makes these from its JSON.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from deployments.rules.images import UnableToParseImage, parse_image
from deployments.rules.pods import Condition, ContainerSpec, Owner, Pod, is_active, is_ready
from deployments.rules.selectors import LabelSelector, selects

OUR_MANAGER = "headway"
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many pods a Deployment wants, and how many there are by its status; `old` run an earlier template."""

    wanted: int
    total: int
    updated: int
    ready: int
    available: int
    terminating: int = 0
    """Pods on their way out, as far as the cluster counts them: since Kubernetes 1.33."""

    @property
    def old(self) -> int:
        return max(0, self.total - self.updated)


@dataclass(frozen=True, slots=True)
class ImageWriter:
    """Who last gave a container its image, by the API server's own record: a field manager's name, and when."""

    manager: str
    at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldManager:
    """Who wrote fields of an object, and which containers' images are among them.

    https://kubernetes.io/docs/reference/using-api/server-side-apply/#managed-fields
    """

    manager: str = ""
    operation: str = ""
    """`Apply` or `Update`."""
    subresource: str = ""
    at: datetime | None = None
    images: frozenset[str] = frozenset()
    """The names of the containers whose image it set, init containers among them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """What a workload's pods are made from."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    containers: Sequence[ContainerSpec] = ()
    init_containers: Sequence[ContainerSpec] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """What runs a site's image; `kind` says how it does that."""

    kind: str
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    observed_generation: int = 0
    """The generation of the spec that the status speaks of."""
    created_at: datetime | None = None
    is_terminating: bool = False
    """It is being deleted."""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    owners: Sequence[Owner] = ()
    managers: Sequence[FieldManager] = ()
    is_paused: bool = False
    strategy: str = ""
    """`RollingUpdate` or `Recreate`."""
    progress_deadline_seconds: int | None = None
    min_ready_seconds: int = 0
    selector: LabelSelector = field(default_factory=LabelSelector)
    template: Template = field(default_factory=Template)
    counts: Counts
    conditions: Sequence[Condition] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplicaSet:
    """The pods of one template of a Deployment."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    created_at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    owners: Sequence[Owner] = ()
    revision: int = 0
    """The Deployment controller counts its templates; one that is gone back to gets a new number."""
    template: Template = field(default_factory=Template)
    wanted: int = 0
    total: int = 0
    ready: int = 0
    conditions: Sequence[Condition] = ()


def containers(templated: Workload | ReplicaSet) -> dict[str, str]:
    """The image of each container, by the container's name; init containers are left out."""
    return {each.name: each.image for each in templated.template.containers}


def is_observed(workload: Workload) -> bool:
    """True when the status speaks of the present spec, and not of one before it."""
    return workload.observed_generation >= workload.generation


def is_settled(workload: Workload) -> bool:
    """True when every wanted pod is of the present template and available: then ready pods run the spec's image."""
    numbers = workload.counts
    present = {numbers.total, numbers.updated, numbers.ready, numbers.available}
    return is_observed(workload) and present == {numbers.wanted}


def owned_pods(deployment: Workload, pods: Iterable[Pod]) -> list[Pod]:
    """The Deployment's own among `pods`, of all its ReplicaSets, those being deleted too."""
    return [pod for pod in pods if _owns(deployment, pod)]


def running_images(deployment: Workload, pods: Iterable[Pod], *, container: str) -> frozenset[str]:
    """The images, as their specs write them, that the Deployment's ready pods run in that container.

    Pods being deleted do not count. More than one image means that a rollout is under way.
    """
    ready = (pod for pod in pods if _owns(deployment, pod) and is_ready(pod))
    return frozenset(each.image for pod in ready for each in pod.containers if each.name == container)


def runs_image(pod: Pod, *, container: str, image: str) -> bool:
    """Whether the pod is there to run `image` in that container, ready or not, and neither going nor left behind."""
    runs = any(each.name == container and is_same_image(each.image, image) for each in pod.containers)
    return runs and is_active(pod)


def present_replica_set(deployment: Workload, replica_sets: Iterable[ReplicaSet]) -> ReplicaSet | None:
    """The Deployment's ReplicaSet of its present template, or None while the controller has not made it.

    Of several that cannot be told apart here the newest, for one that is gone back to gets a new revision.
    """
    own = [
        each
        for each in replica_sets
        if any(one.uid == deployment.uid for one in each.owners)
        and _shape(each.template) == _shape(deployment.template)
    ]
    return max(own, key=lambda each: each.revision, default=None)


def pods_of(replica_set: ReplicaSet, pods: Iterable[Pod]) -> list[Pod]:
    """The ReplicaSet's pods, neither going nor left behind, whatever an admission has made of their images."""
    return [
        pod for pod in pods if pod.controller and pod.controller.uid == replica_set.uid and is_active(pod)
    ]


def template_images(
    deployment: Workload, pods: Iterable[Pod], replica_sets: Iterable[ReplicaSet], *, container: str
) -> frozenset[str]:
    """The images that the Deployment's ready pods were made for, as their ReplicaSets' templates write them."""
    ready = [pod for pod in pods if _owns(deployment, pod) and is_ready(pod)]
    found = (containers(each).get(container, "") for each in replica_sets if pods_of(each, ready))
    return frozenset(image for image in found if image)


def image_writer(workload: Workload, *, container: str) -> ImageWriter | None:
    """Who last changed that container's image, by the API server's own record; None when nothing is recorded."""
    entries = [each for each in workload.managers if container in each.images]
    latest = max(entries, key=lambda each: each.at or _NEVER, default=None)
    return None if latest is None else ImageWriter(manager=latest.manager, at=latest.at)


def is_same_image(one: str, other: str) -> bool:
    """True when both name one image, however they are spelt: `nginx:1` is `docker.io/library/nginx:1`."""
    try:
        return parse_image(one) == parse_image(other)
    except UnableToParseImage:
        return one == other


def _shape(template: Template) -> tuple[object, ...]:
    """What tells one template of a Deployment from another, as far as Headway reads templates."""
    images = [(each.name, each.image) for each in (*template.init_containers, *template.containers)]
    return dict(template.annotations), images


def _owns(deployment: Workload, pod: Pod) -> bool:
    """By selector and by the name that the Deployment controller gives its ReplicaSets: Deployment, dash, hash."""
    name = f"{deployment.name}-{pod.template_hash}"
    owned = any(each.is_controller and each.kind == "ReplicaSet" and each.name == name for each in pod.owners)
    return owned and selects(deployment.selector, pod.labels)
