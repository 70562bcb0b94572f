"""What runs pods of a template, as rules read it: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/.

Times are None, texts empty and numbers 0 where the API server leaves them out. `deployments.clients.cluster` makes these from its JSON.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from deployments.rules.images import UnableToParseImage, parse_image
from deployments.rules.pods import Condition, ContainerSpec, Owner, Pod, is_active, is_ready
from deployments.rules.rollbacks import is_of
from deployments.rules.selectors import LabelSelector, selects

OUR_MANAGER = "headway"
_NEVER = datetime.min.replace(tzinfo=UTC)


class WorkloadKind(StrEnum):
    """The kinds that a site's image may run as, spelt as the API does."""

    DEPLOYMENT = "Deployment"
    STATEFUL_SET = "StatefulSet"
    DAEMON_SET = "DaemonSet"
    CRON_JOB = "CronJob"

    @property
    def group(self) -> str:
        """The API group."""
        return "batch" if self is WorkloadKind.CRON_JOB else "apps"

    @property
    def resource(self) -> str:
        """Its name in paths and in RBAC, such as `statefulsets`."""
        return f"{self.value.lower()}s"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many pods a workload wants, and how many there are by its status; `old` run an earlier template.

    A CronJob has no pods itself: all are 0.
    """

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
    grace_seconds: int = 0
    """How long its pods may take to stop."""


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
    """`RollingUpdate`, `Recreate` (Deployments) or `OnDelete` (StatefulSets and DaemonSets)."""
    partition: int = 0
    """A StatefulSet's pods of a lower number keep their template."""
    is_ordered: bool = False
    """A StatefulSet that makes and replaces nothing while one of its pods is not ready: `OrderedReady`."""
    update_revision: str = ""
    """What a StatefulSet's status calls the present template: its new pods carry it as REVISION_HASH."""
    template_generation: str = ""
    """How often a DaemonSet's template has changed: its new pods carry it as TEMPLATE_GENERATION."""
    is_suspended: bool = False
    """A CronJob that starts no Jobs."""
    schedule: str = ""
    """When a CronJob starts a Job, as crontab writes it."""
    active_jobs: frozenset[str] = frozenset()
    """The uids of the active Jobs that a CronJob has started."""
    progress_deadline_seconds: int | None = None
    min_ready_seconds: int = 0
    selector: LabelSelector = field(default_factory=LabelSelector)
    """Picks at least its own pods. A CronJob has none; here it picks every Job's."""
    template: Template = field(default_factory=Template)
    """That of its pods; a CronJob's is in its Jobs' template."""
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
    """The Deployment controller counts its templates; one that is rolled back to gets a new number."""
    template: Template = field(default_factory=Template)
    wanted: int = 0
    total: int = 0
    ready: int = 0
    conditions: Sequence[Condition] = ()


def containers(templated: Workload | ReplicaSet) -> dict[str, str]:
    """The image of each container, by the container's name; init containers are left out."""
    return {each.name: each.image for each in templated.template.containers}


def all_images(templated: Workload | ReplicaSet) -> dict[str, str]:
    """The image of each container, by its name, init containers first: a template has no name twice."""
    template = templated.template
    return {each.name: each.image for each in (*template.init_containers, *template.containers)}


def matching_containers(workload: Workload, repositories: Collection[str]) -> list[ContainerSpec]:
    """The containers with an image in one of these image repositories, in the template's order, init containers first."""
    template = workload.template
    return [
        each
        for each in (*template.init_containers, *template.containers)
        if any(is_of(each.image, repository) for repository in repositories)
    ]


def is_observed(workload: Workload) -> bool:
    """True when the status speaks of the present spec, and not of one before it."""
    return workload.observed_generation >= workload.generation


def is_settled(workload: Workload) -> bool:
    """True when every wanted pod is of the present template and available: then ready pods run the spec's image.

    A CronJob always is: what it starts next is of its template. Jobs under way may run an earlier one.
    """
    numbers = workload.counts
    present = {numbers.total, numbers.updated, numbers.ready, numbers.available}
    return is_observed(workload) and present == {numbers.wanted}


def stops_before_it_starts(workload: Workload) -> bool:
    """Whether an old pod has to be gone before the new one that takes its place is made."""
    return (
        workload.kind in {WorkloadKind.STATEFUL_SET, WorkloadKind.DAEMON_SET}
        or workload.strategy == "Recreate"
    )


def owned_pods(workload: Workload, pods: Iterable[Pod]) -> list[Pod]:
    """The workload's own among `pods`, of all its templates and Jobs, those being deleted too."""
    return [pod for pod in pods if _owns(workload, pod)]


def running_images(workload: Workload, pods: Iterable[Pod], *, container: str) -> frozenset[str]:
    """The images, as their specs write them, that the workload's ready pods run in that container, or have run at their start.

    Pods being deleted do not count. More than one image means that a rollout is under way, or a CronJob's older Job.
    """
    ready = (pod for pod in pods if _owns(workload, pod) and is_ready(pod))
    return frozenset(image for pod in ready for name, image in _pod_images(pod) if name == container)


def runs_image(pod: Pod, *, container: str, image: str) -> bool:
    """Whether the pod is there to run `image` in that container, ready or not, and neither going nor left behind."""
    runs = any(name == container and is_same_image(each, image) for name, each in _pod_images(pod))
    return runs and is_active(pod)


def present_replica_set(deployment: Workload, replica_sets: Iterable[ReplicaSet]) -> ReplicaSet | None:
    """The Deployment's ReplicaSet of its present template, or None while the controller has not made it.

    Of several that cannot be distinguished here, the newest, for one that is gone back to gets a new revision.
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
    found = (all_images(each).get(container, "") for each in replica_sets if pods_of(each, ready))
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
    """What distinguishes one template of a Deployment from another, as far as Headway reads templates."""
    images = [(each.name, each.image) for each in (*template.init_containers, *template.containers)]
    return dict(template.annotations), images


def _pod_images(pod: Pod) -> list[tuple[str, str]]:
    return [(each.name, each.image) for each in (*pod.init_containers, *pod.containers)]


def _owns(workload: Workload, pod: Pod) -> bool:
    owner = pod.controller
    if owner is None or not selects(workload.selector, pod.labels):
        return False
    match workload.kind:
        case WorkloadKind.DEPLOYMENT:
            # By the name that its controller gives its ReplicaSets.
            return owner.kind == "ReplicaSet" and owner.name == f"{workload.name}-{pod.template_hash}"
        case WorkloadKind.CRON_JOB:
            # Its controller names its Jobs by the minute; those made by hand are not its rollout's.
            started = owner.name.removeprefix(f"{workload.name}-")
            is_named_so = started != owner.name and started.isascii() and started.isdigit()
            return owner.kind == "Job" and (owner.uid in workload.active_jobs or is_named_so)
    return (owner.kind, owner.name, owner.uid) == (workload.kind, workload.name, workload.uid)
