"""Reading Deployments and Pods as the API server sends them: https://kubernetes.io/docs/reference/kubernetes-api/."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deployments.rules.images import UnableToParseImage, parse_image
from deployments.rules.selectors import selects
from deployments.rules.times import parse_time

KubernetesObject = Mapping[str, Any]
OUR_MANAGER = "headway"


@dataclass(frozen=True)
class Counts:
    """How many pods a Deployment wants, and how many there are by its status; `old` run an earlier template."""

    wanted: int
    total: int
    updated: int
    ready: int
    available: int

    @property
    def old(self) -> int:
        return max(0, self.total - self.updated)


@dataclass(frozen=True)
class ImageWriter:
    """Who last gave a container its image, by the API server's own record: a field manager's name, and when."""

    manager: str
    at: datetime | None


def containers(deployment: KubernetesObject) -> dict[str, str]:
    """The image of each container, by the container's name; init containers are left out."""
    return {each["name"]: each.get("image") or "" for each in _pod_spec(deployment).get("containers") or []}


def counts(deployment: KubernetesObject) -> Counts:
    """The pods' numbers; what the API server leaves out is 0, and `replicas` left out is 1."""
    wanted = (deployment.get("spec") or {}).get("replicas")
    status = deployment.get("status") or {}
    return Counts(
        wanted=1 if wanted is None else wanted,
        total=status.get("replicas") or 0,
        updated=status.get("updatedReplicas") or 0,
        ready=status.get("readyReplicas") or 0,
        available=status.get("availableReplicas") or 0,
    )


def is_observed(deployment: KubernetesObject) -> bool:
    """True when the status speaks of the present spec, and not of one before it."""
    seen = (deployment.get("status") or {}).get("observedGeneration") or 0
    return bool(seen >= (deployment["metadata"].get("generation") or 0))


def is_settled(deployment: KubernetesObject) -> bool:
    """True when every wanted pod is of the present template and available: then ready pods run the spec's image."""
    numbers = counts(deployment)
    present = {numbers.total, numbers.updated, numbers.ready, numbers.available}
    return is_observed(deployment) and present == {numbers.wanted}


def condition(thing: KubernetesObject, kind: str) -> KubernetesObject | None:
    """The object's status condition of that type, or None."""
    found = (thing.get("status") or {}).get("conditions") or []
    return next((each for each in found if each.get("type") == kind), None)


def owned_pods(deployment: KubernetesObject, pods: Sequence[KubernetesObject]) -> list[KubernetesObject]:
    """The Deployment's own among `pods`, of all its ReplicaSets, those being deleted too."""
    return [pod for pod in pods if _owns(deployment, pod)]


def running_images(
    deployment: KubernetesObject, pods: Sequence[KubernetesObject], *, container: str
) -> frozenset[str]:
    """The images, as their specs write them, that the Deployment's ready pods run in that container.

    Pods being deleted do not count. More than one image means that a rollout is under way.
    """
    ready = (pod for pod in pods if _owns(deployment, pod) and is_ready(pod))
    named = ((pod.get("spec") or {}).get("containers") or [] for pod in ready)
    return frozenset(each["image"] for those in named for each in those if each["name"] == container)


def runs_image(pod: KubernetesObject, *, container: str, image: str) -> bool:
    """Whether the pod is there to run `image` in that container, ready or not, and not on its way out."""
    specs = pod["spec"].get("containers") or []
    runs = any(each["name"] == container and is_same_image(each.get("image") or "", image) for each in specs)
    return runs and not pod["metadata"].get("deletionTimestamp")


def newest_replica_set(
    deployment: KubernetesObject, replica_sets: Sequence[KubernetesObject], *, container: str, image: str
) -> KubernetesObject | None:
    """The Deployment's ReplicaSet of the highest revision whose template has that image, or None."""
    uid = deployment["metadata"].get("uid")
    own = [
        each
        for each in replica_sets
        if any(one.get("uid") == uid for one in each["metadata"].get("ownerReferences") or [])
        and is_same_image(containers(each).get(container) or "", image)
    ]
    return max(own, key=_revision, default=None)


def _revision(replica_set: KubernetesObject) -> int:
    text = (replica_set["metadata"].get("annotations") or {}).get("deployment.kubernetes.io/revision") or ""
    return int(text) if text.isdecimal() else 0


def image_writer(deployment: KubernetesObject, *, container: str) -> ImageWriter | None:
    """Who last changed that container's image, from `metadata.managedFields`; None when nothing is recorded.

    https://kubernetes.io/docs/reference/using-api/server-side-apply/#managed-fields
    """
    key = "k:" + json.dumps({"name": container}, separators=(",", ":"))
    path = ("f:spec", "f:template", "f:spec", "f:containers", key, "f:image")
    entries = [each for each in deployment["metadata"].get("managedFields") or [] if _holds(each, path)]
    latest = max(entries, key=lambda each: each.get("time") or "", default=None)
    if latest is None:
        return None
    return ImageWriter(manager=latest.get("manager") or "", at=parse_time(latest.get("time")))


def is_same_image(one: str, other: str) -> bool:
    """True when both name one image, however they are spelt: `nginx:1` is `docker.io/library/nginx:1`."""
    try:
        return parse_image(one) == parse_image(other)
    except UnableToParseImage:
        return one == other


def _pod_spec(deployment: KubernetesObject) -> KubernetesObject:
    template = (deployment.get("spec") or {}).get("template") or {}
    return template.get("spec") or {}


def is_ready(pod: KubernetesObject) -> bool:
    """Whether the pod takes requests, and is not on its way out."""
    ready = condition(pod, "Ready")
    return (
        ready is not None and ready.get("status") == "True" and not pod["metadata"].get("deletionTimestamp")
    )


def _owns(deployment: KubernetesObject, pod: KubernetesObject) -> bool:
    """By selector and by the name that the Deployment controller gives its ReplicaSets: Deployment, dash, hash."""
    metadata = pod["metadata"]
    labels = metadata.get("labels") or {}
    template_hash = labels.get("pod-template-hash")
    owners = [each for each in metadata.get("ownerReferences") or [] if each.get("controller")]
    name = f"{deployment['metadata']['name']}-{template_hash}"
    owned = [each for each in owners if each.get("kind") == "ReplicaSet" and each.get("name") == name]
    return bool(owned) and selects((deployment.get("spec") or {}).get("selector") or {}, labels)


def _holds(entry: KubernetesObject, path: Sequence[str]) -> bool:
    fields: Any = entry.get("fieldsV1") or {}
    for step in path:
        if step not in fields:
            return False
        fields = fields[step]
    return True
