"""Look for Deployments that no site stands for, and say how they could be mapped. Nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from deployments.clients.clients import Clients
from deployments.clients.cluster import ClusterError
from deployments.models import Site
from deployments.rules.discovery import Candidate, candidates
from deployments.rules.images import parse_image

COLUMNS = ("host", "owner", "repository", "namespace", "deployment", "container", "image_template")


@dataclass(frozen=True)
class Discovery:
    rows: tuple[dict[str, str], ...]
    """Lines for `import_sites`, by COLUMNS. Only a person knows the host; an owner is named where all sites have the same."""
    problems: dict[str, str]
    """Why a namespace could not be read, by its name."""


def discover(*, clients: Clients, namespaces: Sequence[str] = ()) -> Discovery:
    """Look into `namespaces`, or where none is named into those that have sites: one LIST for each."""
    sites = list(Site.objects.all())
    owners = {site.owner for site in sites}
    owner = owners.pop() if len(owners) == 1 else ""
    rows, problems = [], {}
    for namespace in namespaces or sorted({site.namespace for site in sites}) or ["default"]:
        mapped = {site.deployment for site in sites if site.namespace == namespace}
        try:
            deployments = clients.cluster.workloads("Deployment", namespace)
        except ClusterError as error:
            problems[namespace] = str(error)
            continue
        rows += [_row(each, owner) for each in candidates(deployments, namespace=namespace, mapped=mapped)]
    return Discovery(tuple(rows), problems)


def _row(found: Candidate, owner: str) -> dict[str, str]:
    return {
        "host": "",
        "owner": owner,
        "repository": found.repository,
        "namespace": found.namespace,
        "deployment": found.deployment,
        "container": found.container,
        "image_template": "" if _is_usual(found, owner) else found.image_template,
    }


def _is_usual(found: Candidate, owner: str) -> bool:
    """Whether the project's own template gives this image."""
    image, site = parse_image(found.image), Site(owner=owner or "owner", repository=found.repository)
    return site.expected_repository == image.repository and site.template.sha_in(image.tag or "") is not None
