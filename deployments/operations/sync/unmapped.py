"""What runs a site's image and is mapped by no site: a page that is silent about it would call an app whole that is not.

Only kinds and namespaces that are listed anyway are searched.
"""

from collections.abc import Iterator

from deployments.models import Site
from deployments.operations.deploys.rewritten import commit_in
from deployments.operations.sync.cluster_lists import ClusterLists, Place
from deployments.rules.managers import not_ours_to_change
from deployments.rules.site_workloads import is_one, unmapped_in_words
from deployments.rules.targets import WorkloadReference
from deployments.rules.workloads import Workload, WorkloadKind, matching_containers


def unmapped_workloads(site: Site, lists: ClusterLists, *, asked: str) -> str:
    """Say which other workloads run which commit of the site's image, where that is not `asked`; empty where none does.

    By label and by release, an image says nothing of its commit. Runs one SQL query a sync where there is one. Raises ClusterError.
    """
    if not asked or site.is_by_label or site.is_by_release:
        return ""
    found = dict(_candidates(site, lists, asked=asked))
    return unmapped_in_words(
        {f"{place[0]} {place[2]}": sha for place, sha in found.items() if place not in lists.mapped}
    )


def _candidates(site: Site, lists: ClusterLists, *, asked: str) -> Iterator[tuple[Place, str]]:
    own = {_place(each) for each in site.references}
    name = site.expected_repository.rpartition("/")[2]
    for listed in {(each.kind, each.namespace): each for each in site.references}.values():
        for workload in lists.with_image(listed, name):
            place = (workload.kind, workload.namespace, workload.name)
            sha = _other_commit(site, workload, asked=asked)
            if sha and place not in own and _is_in_use(workload):
                yield place, sha


def _other_commit(site: Site, workload: Workload, *, asked: str) -> str:
    images = (each.image for each in matching_containers(workload, site.image_repositories))
    commits = (commit_in(site, image) for image in images)
    return next((sha for sha in commits if sha and not is_one([sha, asked])), "")


def _is_in_use(workload: Workload) -> bool:
    """Whether it runs by its own: what an operator has made, is scaled to zero, or is suspended as release jobs are, does not."""
    if workload.kind == WorkloadKind.CRON_JOB:
        return not workload.is_suspended and not not_ours_to_change(workload)
    return bool(workload.counts.wanted) and not not_ours_to_change(workload)


def _place(reference: WorkloadReference) -> Place:
    return reference.kind.value, reference.namespace, reference.name
