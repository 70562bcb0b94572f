"""Each site's state in the cluster: one LIST for each mapped kind and namespace, and pods only during a rollout."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from deployments.clients.clients import Clients
from deployments.clients.cluster import (
    ClusterError,
)
from deployments.facts import workloads_from_json
from deployments.models import Site
from deployments.operations.deploys.rewritten import (
    asked_image,
    commit_in,
    image_set_as,
    rewritten_containers,
)
from deployments.operations.sync.cluster_lists import ClusterLists
from deployments.operations.sync.gather_outages import Outages, SeenOutage
from deployments.operations.sync.unmapped import unmapped_workloads
from deployments.rules.builds import BY_TAG
from deployments.rules.digest_check import reported_digests
from deployments.rules.managers import manager_of, not_ours_to_change
from deployments.rules.pods import Pod
from deployments.rules.selectors import selector
from deployments.rules.site_workloads import WorkloadSeen, seen_of
from deployments.rules.targets import UNMAPPED, WorkloadReference, left_behind, no_target, targets_of
from deployments.rules.wording import sentences
from deployments.rules.workloads import (
    ImageWriter,
    Workload,
    WorkloadKind,
    all_images,
    image_writer,
    is_settled,
    owned_pods,
    running_images,
    runs_image,
    template_images,
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A site's workloads as they were just seen; what speaks of one image or one commit is about the first of them."""

    desired_image: str
    requested_image: str
    """What Headway requested, where admission has rewritten it to the desired image."""
    desired_tag: str
    """The commit that the asked-for image's tag carries, 7 to 40 digits; empty where the image is not this site's."""
    running_tag: str
    """The same of the ready pods' image; empty where none is ready, or several images are."""
    ready: int
    """Of all workloads, like `wanted`."""
    wanted: int
    resource_version: str
    writer: ImageWriter | None
    """Who gave the container its image, where the cluster recorded that."""
    managed_by: str
    """Who else manages a workload of the site; empty where nobody is known to."""
    outage: SeenOutage | None
    """Why no pod of a workload is ready, where some are wanted and no Deploy is active."""
    workloads: tuple[WorkloadSeen, ...]
    unmapped: str = ""
    """What runs the site's image at another commit and is mapped by no site, in a sentence."""
    running_build: str = ""
    """By label the builds, and by release the images' tags, that `running_tag` was derived from."""
    desired_build: str = ""


@dataclass(frozen=True)
class Missing:
    """The cluster answered, and a workload or its container is not there; with what it showed of each."""

    message: str
    workloads: tuple[WorkloadSeen, ...] = ()


@dataclass(frozen=True)
class Unreachable:
    """The cluster did not answer for this site."""

    message: str


Observed = Found | Missing | Unreachable


def gather_cluster(
    sites: Iterable[Site], clients: Clients, *, now: datetime
) -> tuple[dict[int, Observed], int]:
    """Return what was observed of each site by its key, and the number of requests made. One namespace's problem affects only that namespace.

    A cluster that does not answer for three namespaces in a row is skipped.
    """
    lists = ClusterLists(clients)
    outages = Outages(now=now)
    observed = {site.pk: _observed(site, lists, outages) for site in sites}
    return observed, lists.requests + outages.requests


def _observed(site: Site, lists: ClusterLists, outages: Outages) -> Observed:
    """A site is as well seen as the worst seen of its workloads."""
    parts: list[Found | Missing] = []
    silent: ClusterError | None = None
    for reference in site.references:
        try:
            parts.append(_look(site, reference, lists, outages))
        except ClusterError as error:
            silent = error
            break
    if missing := [part.message for part in parts if isinstance(part, Missing)]:
        return Missing(sentences(*missing), _workloads(parts))
    if silent:
        return Unreachable(str(silent))
    found = [part for part in parts if isinstance(part, Found)]
    if not found:
        return Missing(UNMAPPED)
    unmapped = unmapped_workloads(site, lists, asked=found[0].desired_tag)
    return replace(_together(found), unmapped=unmapped)


def _workloads(parts: Iterable[Found | Missing]) -> tuple[WorkloadSeen, ...]:
    return tuple(seen for part in parts for seen in part.workloads)


def _together(parts: Sequence[Found]) -> Found:
    return replace(
        parts[0],
        ready=sum(each.ready for each in parts),
        wanted=sum(each.wanted for each in parts),
        managed_by=next((each.managed_by for each in parts if each.managed_by), ""),
        outage=next((each.outage for each in parts if each.outage), None),
        workloads=_workloads(parts),
    )


def _look(site: Site, reference: WorkloadReference, lists: ClusterLists, outages: Outages) -> Found | Missing:
    """What one workload shows. Raises ClusterError."""
    workload = lists.workload(reference)
    if workload is None:
        return _missing(reference, f"There is no {reference.place}. Correct the mapping.")
    repositories, rewritten = site.image_repositories, rewritten_containers(site, workload)
    targets = targets_of(workload, reference=reference, repositories=repositories, rewritten=rewritten)
    if not targets:
        return _missing(reference, no_target(workload, reference))
    if refusal := not_ours_to_change(workload):
        return _missing(reference, refusal)
    left = left_behind(workload, targets=targets, repositories=repositories, rewritten=rewritten)
    images = {name: asked_image(site, workload, container=name) for name in (*targets, *left)}
    seen = _seen(site, reference, workload, lists, targets=targets, images=images)
    asked, desired = images[targets[0]], all_images(workload)[targets[0]]
    return Found(
        desired_image=desired,
        requested_image="" if asked == desired else asked,
        desired_tag=commit_in(site, asked),
        running_tag=seen.running,
        ready=seen.ready,
        wanted=seen.wanted,
        resource_version=workload.resource_version,
        writer=image_writer(workload, container=targets[0]),
        managed_by=manager_of(workload),
        outage=_outage(site, workload, lists, outages, container=targets[0]),
        workloads=(seen,),
    )


def _missing(reference: WorkloadReference, problem: str) -> Missing:
    kind, namespace, name = reference.kind, reference.namespace, reference.name
    return Missing(problem, (WorkloadSeen(kind=kind, namespace=namespace, name=name, problem=problem),))


def _seen(
    site: Site,
    reference: WorkloadReference,
    workload: Workload,
    lists: ClusterLists,
    *,
    targets: Sequence[str],
    images: Mapping[str, str],
) -> WorkloadSeen:
    """`images` are those that its containers are requested to run, by name; those of the targets, and of others that have the site's image."""
    by_container = {name: commit_in(site, image) for name, image in images.items()}
    commits = {by_container[name] for name in targets}
    running = _running_tag(site, reference, workload, lists, container=targets[0], asked=images[targets[0]])
    return WorkloadSeen(
        kind=reference.kind,
        namespace=reference.namespace,
        name=reference.name,
        asked=commits.pop() if len(commits) == 1 else "",
        running=running,
        running_build=running if site.is_by_label or site.is_by_release else "",
        ready=workload.counts.ready,
        wanted=workload.counts.wanted,
        resource_version=workload.resource_version,
        containers=by_container,
    )


def _outage(
    site: Site, workload: Workload, lists: ClusterLists, outages: Outages, *, container: str
) -> SeenOutage | None:
    numbers, latest = workload.counts, site.observation.latest_deploy
    if numbers.ready or not numbers.wanted or (latest and latest.is_active):
        return None
    try:
        pods = owned_pods(workload, lists.pods(workload.namespace).of_workload(workload.name))
    except ClusterError as error:
        return SeenOutage(reason="", message=f"Its pods cannot be read: {error}", log="", pods=[])
    return outages.explain(lists.cluster, site, workload, pods, container=container)


def _running_tag(
    site: Site,
    reference: WorkloadReference,
    workload: Workload,
    lists: ClusterLists,
    *,
    container: str,
    asked: str,
) -> str:
    token = commit_in(site, asked)
    if is_settled(workload) and not (token.startswith(BY_TAG) and workload.counts.wanted):
        return token
    if not workload.counts.ready:
        return ""
    before = seen_of(reference, workloads_from_json(site.observation.workloads))
    ran = (before.running_build or before.running) if before else ""
    if before and ran and before.resource_version == workload.resource_version:
        # Nothing has changed since the last sync: neither have the pods' images. What was not known then may be by now,
        # for pods that fall away and come back while their controller is late leave no trace in the workload.
        return ran
    desired = all_images(workload)[container]
    pods = lists.pods(workload.namespace).of_workload(workload.name)
    images = running_images(workload, pods, container=container)
    if workload.kind == WorkloadKind.DEPLOYMENT and any(
        image != desired and not commit_in(site, image) for image in images
    ):
        # Admission has rewritten the pods' images: their ReplicaSets' templates have the commit.
        sets = lists.cluster.replica_sets(workload.namespace, label_selector=selector(workload.selector))
        images = template_images(workload, pods, sets, container=container)
    own = owned_pods(workload, pods)
    return _commit_of(site, own, images, container=container, desired=desired, asked=asked)


def _commit_of(
    site: Site,
    pods: Sequence[Pod],
    images: frozenset[str],
    *,
    container: str,
    desired: str,
    asked: str,
) -> str:
    # While old and new pods are ready side by side, the old commit still runs.
    wanted = commit_in(site, asked)
    commits = {
        image: wanted if image == desired else commit_in(site, image_set_as(site, image)) for image in images
    }
    older = set(commits.values()) - {wanted} or set(commits.values())
    token = older.pop() if len(older) == 1 else ""
    if not token.startswith(BY_TAG):
        return token
    spelt = [image for image, commit in commits.items() if commit == token]
    same = [pod for pod in pods if any(runs_image(pod, container=container, image=image) for image in spelt)]
    return " ".join(sorted(reported_digests(same, container=container)))
