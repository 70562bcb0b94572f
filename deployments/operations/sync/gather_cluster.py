"""What the cluster shows of each site: one LIST of Deployments per namespace, and of pods only where a rollout is under way."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from deployments.clients.clients import Clients
from deployments.clients.cluster import (
    Cluster,
    ClusterError,
    ClusterUnavailable,
    Listed,
    Pods,
)
from deployments.models import Observation, Site
from deployments.operations.deploys.rewritten import asked_image, commit_in, image_set_as
from deployments.operations.sync.gather_outages import Outages, SeenOutage
from deployments.rules.managers import manager_of, not_ours_to_change
from deployments.rules.selectors import selector
from deployments.rules.workloads import (
    ImageWriter,
    Workload,
    containers,
    image_writer,
    is_settled,
    running_images,
    template_images,
)

SILENT_IN_A_ROW = 3
_SILENT = "The cluster did not answer for three namespaces in a row, and was not asked about this one: the next sync asks again."


@dataclass(frozen=True, kw_only=True)
class Found:
    """One site's Deployment as it was just seen."""

    desired_image: str
    requested_image: str
    """What Headway asked for where an admission has made the desired image of it."""
    desired_tag: str
    """The commit that the asked-for image's tag carries, 7 to 40 digits; empty where the image is not this site's."""
    running_tag: str
    """The same of the ready pods' image; empty where none is ready, or several images are."""
    ready: int
    wanted: int
    resource_version: str
    writer: ImageWriter | None
    """Who gave the container its image, where the cluster recorded that."""
    managed_by: str
    """Who else manages the Deployment; empty where nobody is known to."""
    outage: SeenOutage | None
    """Why no pod is ready, where some are wanted and no Deploy is under way."""


@dataclass(frozen=True)
class Missing:
    """The cluster answered, and the Deployment or its container is not there."""

    message: str


@dataclass(frozen=True)
class Unreachable:
    """The cluster did not answer for this site."""

    message: str


Observed = Found | Missing | Unreachable


def gather_cluster(
    sites: Iterable[Site], clients: Clients, *, now: datetime
) -> tuple[dict[int, Observed], int]:
    """Return what was observed of each site by its key, and the number of requests made. One namespace's trouble is that namespace's.

    A cluster that does not answer for three namespaces in a row is not waited for any more.
    """
    by_namespace: dict[str, list[Site]] = defaultdict(list)
    for site in sites:
        by_namespace[site.namespace].append(site)
    query = _Query(clients, Outages(now=now))
    observed: dict[int, Observed] = {}
    for namespace, together in by_namespace.items():
        observed |= query.at(namespace, together)
    return observed, query.lists + query.outages.requests


class _Query:
    def __init__(self, clients: Clients, outages: Outages) -> None:
        self._clients = clients
        self.outages = outages
        self._silent_in_a_row = 0
        self.lists = 0

    def at(self, namespace: str, sites: Sequence[Site]) -> dict[int, Observed]:
        if self._silent_in_a_row >= SILENT_IN_A_ROW:
            return {site.pk: Unreachable(_SILENT) for site in sites}
        try:
            deployments = self._list(namespace)
        except ClusterError as error:
            is_silent = isinstance(error, ClusterUnavailable) and not error.status
            self._silent_in_a_row = self._silent_in_a_row + 1 if is_silent else 0
            return {site.pk: Unreachable(str(error)) for site in sites}
        self._silent_in_a_row = 0
        seen = _Namespace(self._clients.cluster, namespace, deployments, self.outages)
        observed = {site.pk: seen.observed(site) for site in sites}
        self.lists += seen.pod_lists
        return observed

    def _list(self, namespace: str) -> Listed[Workload]:
        self.lists += 1
        return self._clients.cluster.deployments(namespace)


class _Namespace:
    def __init__(self, cluster: Cluster, name: str, deployments: Listed[Workload], outages: Outages) -> None:
        self._cluster = cluster
        self._outages = outages
        self._name = name
        self._deployments = deployments
        self._pods: Pods | ClusterError | None = None
        self.pod_lists = 0

    def observed(self, site: Site) -> Observed:
        deployment = self._deployments.named(site.deployment)
        if deployment is None:
            return Missing(
                f"There is no Deployment {site.deployment} in namespace {site.namespace}: correct the mapping."
            )
        desired = containers(deployment).get(site.container)
        if desired is None:
            names = ", ".join(containers(deployment)) or "none"
            return Missing(
                f"Deployment {site.deployment} has no container named {site.container}, only {names}: correct the mapping."
            )
        if refusal := not_ours_to_change(deployment):
            return Missing(refusal)
        asked = asked_image(site, deployment)
        try:
            running_tag = self._running_tag(site, deployment, desired, asked)
        except ClusterError as error:
            return Unreachable(str(error))
        numbers = deployment.counts
        return Found(
            desired_image=desired,
            requested_image="" if asked == desired else asked,
            desired_tag=commit_in(site, asked),
            running_tag=running_tag,
            ready=numbers.ready,
            wanted=numbers.wanted,
            resource_version=deployment.resource_version,
            writer=image_writer(deployment, container=site.container),
            managed_by=manager_of(deployment),
            outage=self._outage(site, deployment),
        )

    def _outage(self, site: Site, deployment: Workload) -> SeenOutage | None:
        numbers, latest = deployment.counts, site.observation.latest_deploy
        if numbers.ready or not numbers.wanted or (latest and latest.is_active):
            return None
        try:
            pods = self._all_pods().of_workload(deployment.name)
        except ClusterError as error:
            return SeenOutage(reason="", message=f"Its pods cannot be read: {error}", log="", pods=[])
        return self._outages.explain(self._cluster, site, deployment, pods)

    def _running_tag(self, site: Site, deployment: Workload, desired: str, asked: str) -> str:
        seen: Observation = site.observation
        if is_settled(deployment):
            return commit_in(site, asked)
        if not deployment.counts.ready:
            return ""
        if seen.resource_version and seen.resource_version == deployment.resource_version:
            # Nothing has moved since the last look: neither have the pods' images.
            return seen.running_sha
        pods = self._all_pods().of_workload(deployment.name)
        images = running_images(deployment, pods, container=site.container)
        if any(image != desired and not commit_in(site, image) for image in images):
            # Admission has rewritten the pods' images: what their ReplicaSets ask for tells the commit.
            sets = self._cluster.replica_sets(self._name, label_selector=selector(deployment.selector))
            images = template_images(deployment, pods, sets, container=site.container)
        return self._commit_of(site, images, desired, asked)

    def _commit_of(self, site: Site, images: frozenset[str], desired: str, asked: str) -> str:
        # While old and new pods are ready side by side, the old commit still runs.
        wanted = commit_in(site, asked)
        commits = {
            wanted if image == desired else commit_in(site, image_set_as(site, image)) for image in images
        }
        older = commits - {wanted} or commits
        return older.pop() if len(older) == 1 else ""

    def _all_pods(self) -> Pods:
        """Asked for once, also where that is refused."""
        if self._pods is None:
            self.pod_lists += 1
            try:
                self._pods = self._cluster.pods(self._name, label_selector="")
            except ClusterError as error:
                self._pods = error
        if isinstance(self._pods, ClusterError):
            raise self._pods
        return self._pods
