"""What the cluster shows of each site: one LIST of Deployments per namespace, and of pods only where a rollout is under way."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from deployments.cluster import Cluster, ClusterError
from deployments.models import Observation, Site
from deployments.outside import Outside
from deployments.rules.images import UnableToParseImage, parse_image
from deployments.rules.workloads import (
    ImageWriter,
    containers,
    counts,
    image_writer,
    is_settled,
    running_images,
)


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One site's Deployment as it was just seen."""

    desired_image: str
    desired_tag: str
    """The commit that the asked-for image's tag carries, 7 to 40 digits; empty where the image is not this site's."""
    running_tag: str
    """The same of the ready pods' image; empty where none is ready, or several images are."""
    ready: int
    wanted: int
    resource_version: str
    writer: ImageWriter | None
    """Who gave the container its image, where the cluster recorded that."""


@dataclass(frozen=True)
class Absent:
    """The cluster answered, and the Deployment or its container is not there."""

    sentence: str


@dataclass(frozen=True)
class Unseen:
    """The cluster did not answer for this site."""

    sentence: str


Sight = Workload | Absent | Unseen


def gather_cluster(sites: Iterable[Site], outside: Outside) -> tuple[dict[int, Sight], int]:
    """Return each site's sight by its key, and the number of LISTs made. One namespace's trouble is that namespace's."""
    by_namespace: dict[str, list[Site]] = defaultdict(list)
    for site in sites:
        by_namespace[site.namespace].append(site)
    sights: dict[int, Sight] = {}
    lists = 0
    for namespace, together in by_namespace.items():
        try:
            look = _Namespace(outside.cluster, namespace)
            sights |= {site.pk: look.sight(site) for site in together}
            lists += look.lists
        except ClusterError as error:
            lists += 1
            sights |= {site.pk: Unseen(str(error)) for site in together}
    return sights, lists


class _Namespace:
    def __init__(self, cluster: Cluster, name: str) -> None:
        self._cluster = cluster
        self._name = name
        self._deployments = {each["metadata"]["name"]: each for each in cluster.deployments(name)}
        self._pods: list[dict[str, Any]] | None = None
        self.lists = 1

    def sight(self, site: Site) -> Sight:
        deployment = self._deployments.get(site.deployment)
        if deployment is None:
            return Absent(
                f"There is no Deployment {site.deployment} in namespace {site.namespace}: correct the mapping."
            )
        desired = containers(deployment).get(site.container)
        if desired is None:
            names = ", ".join(containers(deployment)) or "none"
            return Absent(
                f"Deployment {site.deployment} has no container named {site.container}, only {names}: correct the mapping."
            )
        numbers = counts(deployment)
        return Workload(
            desired_image=desired,
            desired_tag=commit_in(site, desired),
            running_tag=self._running_tag(site, deployment, desired),
            ready=numbers.ready,
            wanted=numbers.wanted,
            resource_version=deployment["metadata"]["resourceVersion"],
            writer=image_writer(deployment, container=site.container),
        )

    def _running_tag(self, site: Site, deployment: dict[str, Any], desired: str) -> str:
        seen: Observation = site.observation
        if is_settled(deployment):
            return commit_in(site, desired)
        if seen.resource_version == deployment["metadata"]["resourceVersion"]:
            # Nothing has moved since the last look: neither have the pods' images.
            return seen.running_sha
        if self._pods is None:
            self._pods = self._cluster.pods(self._name, label_selector="")
            self.lists += 1
        images = running_images(deployment, self._pods, container=site.container)
        # While old and new pods are ready side by side, the old commit still runs.
        older = sorted(images - {desired} or images)
        return commit_in(site, older[0]) if len(older) == 1 else ""


def commit_in(site: Site, image: str) -> str:
    """Return the commit, 7 to 40 digits, that an image of this site carries; empty for any other image."""
    try:
        reference = parse_image(image)
    except UnableToParseImage:
        return ""
    if reference.repository != site.expected_repository or not reference.tag:
        return ""
    return site.template.sha_in(reference.tag) or ""
