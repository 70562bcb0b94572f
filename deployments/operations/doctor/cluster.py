"""The cluster: what we may do there, and every mapped Deployment and container."""

from collections.abc import Iterator, Mapping, Sequence

from deployments.clients.cluster import Cluster, ClusterError, Listed
from deployments.models import Site
from deployments.operations.doctor.findings import Finding, bad, good, warning
from deployments.rules.discovery import candidates
from deployments.rules.permissions import PERMISSIONS, Permission
from deployments.rules.workloads import Workload, containers

NAMED = 10


def rights_suffice(cluster: Cluster, sites: Sequence[Site]) -> Iterator[Finding]:
    """Ask the API server for each right in each namespace; where it is not given for all, for each Deployment."""
    for namespace in sorted({site.namespace for site in sites}):
        names = sorted({site.deployment for site in sites if site.namespace == namespace})
        subject = f"Rights in {namespace}"
        try:
            missing = [
                each for permission in PERMISSIONS for each in _refused(cluster, permission, namespace, names)
            ]
        except ClusterError as error:
            yield bad(subject, str(error), "Check KUBECONFIG or the ServiceAccount, then ask again.")
            continue
        for attributes, permission in missing:
            remedy = f"Needed for {permission.what_for}: apply what `manage.py rbac` prints."
            yield bad(subject, f"The worker may not {attributes}.", remedy)
        if not missing:
            yield good(subject, "The worker may do what it has to.")


def _refused(
    cluster: Cluster, permission: Permission, namespace: str, names: Sequence[str]
) -> Iterator[tuple[str, Permission]]:
    for verb in permission.verbs:
        attributes = {
            "verb": verb,
            "group": permission.group,
            "resource": permission.resource,
            "namespace": namespace,
        }
        if cluster.may(**attributes):
            continue
        refused = (
            [name for name in names if not cluster.may(**attributes, name=name)] if permission.named else [""]
        )
        if refused:
            yield f"{verb} {permission.resource}{_of(refused, len(names))}", permission


def _of(refused: Sequence[str], total: int) -> str:
    """Which of a namespace's Deployments, where it is not all that there are."""
    if not refused[0] or len(refused) == total > 1:
        return ""
    more = f" and {len(refused) - NAMED} more" if len(refused) > NAMED else ""
    return f" {', '.join(refused[:NAMED])}{more}"


def workloads_are_there(sites: Sequence[Site], present: Mapping[str, Listed[Workload]]) -> Iterator[Finding]:
    """`present` is each namespace's Deployments; a namespace that could not be read is not in it."""
    permission = 0
    for site in sites:
        if site.namespace not in present:
            continue
        problem = _problem(site, present[site.namespace].named(site.deployment))
        permission += problem is None
        if problem:
            yield problem
    if permission:
        yield good(
            "Deployments", f"{permission} of {len(sites)} are there, with the right container and image."
        )


def unmapped(sites: Sequence[Site], present: Mapping[str, Listed[Workload]]) -> Iterator[Finding]:
    """What could be a site, in the namespaces that could be read, and is none."""
    found: list[str] = []
    for namespace, deployments in present.items():
        mapped = {site.deployment for site in sites if site.namespace == namespace}
        named = candidates(deployments, namespace=namespace, mapped=mapped)
        found += dict.fromkeys(f"{namespace}/{each.deployment}" for each in named)
    if found:
        more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
        stated = f"No site stands for {', '.join(found[:NAMED])}{more}: `manage.py discover` prints lines for import_sites."
        yield good("Not mapped", stated)


def _problem(site: Site, deployment: Workload | None) -> Finding | None:
    subject = f"Deployment, {site.host}"
    if deployment is None:
        gone = f"There is no Deployment {site.deployment} in namespace {site.namespace}."
        return bad(subject, gone, "Correct the site's Deployment or namespace in the admin.")
    found = containers(deployment)
    if site.container not in found:
        other = f"Deployment {site.deployment} has no container {site.container}; it has {', '.join(sorted(found))}."
        return bad(subject, other, "Correct the site's container in the admin.")
    if site.expected_repository and not site.owns(found[site.container]):
        drifted = (
            f"{site.container} runs {found[site.container]}, which is not of {site.expected_repository}."
        )
        return warning(
            subject, drifted, "Correct the mapping or its image template: Headway does not touch this one."
        )
    return None
