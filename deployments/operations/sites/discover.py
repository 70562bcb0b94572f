"""Find workloads that no site maps, and print how they could be mapped. Writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from deployments.clients.clients import Clients
from deployments.clients.cluster import ClusterError, ClusterRefused
from deployments.models import Site
from deployments.rules.builds import CommitSource
from deployments.rules.discovery import Candidate, Unnameable, candidates, together, unnameable
from deployments.rules.images import parse_image
from deployments.rules.targets import format_references
from deployments.rules.workloads import WorkloadKind

COLUMNS = (
    *("name", "host", "owner", "repository", "workloads"),
    *("image_template", "commit_source", "moving_tag"),
)


@dataclass(frozen=True)
class Discovery:
    rows: tuple[dict[str, str], ...]
    """Lines for `import_sites`, by COLUMNS. Only a person knows the host; an owner is named where all sites have the same."""
    problems: dict[str, str]
    """Why a namespace could not be read, by its name."""
    unnameable: tuple[Unnameable, ...] = ()
    """What would be a line, did a template give its images."""


def discover(*, clients: Clients, namespaces: Sequence[str] = ()) -> Discovery:
    """Search `namespaces`, or where none is named those that have sites: one LIST for each and kind.

    Workloads of one image repository in one namespace are proposed as one site. A kind other than Deployments that may not be listed is
    left out: most installations need no right to it.
    """
    sites = list(Site.objects.with_workloads())
    owners = {site.owner for site in sites}
    owner = owners.pop() if len(owners) == 1 else ""
    mapped = [reference for site in sites for reference in site.references]
    places = frozenset[str]().union(*(site.places for site in sites))
    rows, problems = [], {}
    without: list[Unnameable] = []
    for namespace in namespaces or sorted({each.namespace for each in mapped}) or ["default"]:
        found: list[Candidate] = []
        for kind in WorkloadKind:
            try:
                workloads = clients.cluster.workloads(kind, namespace)
            except ClusterError as error:
                if kind is WorkloadKind.DEPLOYMENT or not isinstance(error, ClusterRefused):
                    problems[namespace] = str(error)
                    break
                continue
            found += candidates(workloads, mapped=places, is_ours=partial(_is_ours, owner=owner))
            without += unnameable(workloads, mapped=places)
        rows += [_row(app, owner) for app in together(found)]
    return Discovery(tuple(rows), problems, tuple(without))


def _row(app: Sequence[Candidate], owner: str) -> dict[str, str]:
    first = app[0]
    return {
        "name": first.reference.name,
        "host": "",
        "owner": owner,
        "repository": first.repository,
        "workloads": format_references(each.reference for each in app),
        "image_template": "" if _is_usual(first, owner) else first.image_template,
        "commit_source": first.commit_source,
        "moving_tag": first.moving_tag,
    }


def _is_usual(found: Candidate, owner: str) -> bool:
    """Whether the project's own template gives this image."""
    image, site = parse_image(found.image), Site(owner=owner or "owner", repository=found.repository)
    is_usual_tag = found.commit_source == CommitSource.LABEL or site.template.gives(image.tag or "")
    return site.expected_repository == image.repository and is_usual_tag


def _is_ours(repository: str, *, owner: str) -> bool:
    """Whether the project's own template gives this image repository."""
    site = Site(owner=owner or "owner", repository=repository.rpartition("/")[2])
    return site.expected_repository == repository
