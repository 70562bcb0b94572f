"""The cluster: what we may do there, and every mapped workload and its containers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from deployments.clients.cluster import Cluster, ClusterError, Listed
from deployments.facts import namespace_mappings
from deployments.models import Site
from deployments.operations.deploys.rewritten import rewritten_containers
from deployments.operations.doctor.findings import Finding, bad, good, warning
from deployments.rules.discovery import candidates, unnameable
from deployments.rules.images import parse_image
from deployments.rules.permissions import RELEASE, NamespaceMapping, Permission, permissions_for
from deployments.rules.suggestions import TAG_BY_COMMIT, image_template_for, why_no_template
from deployments.rules.targets import WorkloadReference, no_target, targets_of
from deployments.rules.workloads import Workload, WorkloadKind, all_images

NAMED = 10


def rights_suffice(cluster: Cluster, sites: Sequence[Site]) -> Iterator[Finding]:
    """Ask the API server for each right in each namespace; where it is not given for all, for each workload."""
    yield from rights_suffice_for(cluster, namespace_mappings(sites))


def rights_suffice_for(cluster: Cluster, mappings: Iterable[NamespaceMapping]) -> Iterator[Finding]:
    """As `rights_suffice`, for what may be mapped later."""
    for mapping in mappings:
        subject = f"Permissions in {mapping.namespace}"
        try:
            missing = missing_rights(cluster, mapping)
        except ClusterError as error:
            yield bad(subject, str(error), "Check KUBECONFIG or the ServiceAccount, then check again.")
            continue
        for attributes, permission in missing:
            remedy = f"Needed for {permission.what_for}. Apply what `manage.py rbac` prints."
            yield bad(subject, f"The worker may not {attributes}.", remedy)
        if not missing:
            yield good(subject, "The worker has every permission it needs.")


def missing_rights(cluster: Cluster, mapping: NamespaceMapping) -> list[tuple[str, Permission]]:
    """What the worker may not do, like `patch deployments web`, each with the permission that it is of. Raises ClusterError."""
    needed = permissions_for(mapping.names, release_jobs=bool(mapping.release_jobs))
    return [each for permission in needed for each in _refused(cluster, permission, mapping)]


def _refused(
    cluster: Cluster, permission: Permission, mapping: NamespaceMapping
) -> Iterator[tuple[str, Permission]]:
    named = mapping.release_jobs if permission.kind == RELEASE else mapping.names.get(permission.kind, ())
    names = sorted(named)
    for verb in permission.verbs:
        attributes = {
            "verb": verb,
            "group": permission.group,
            "resource": permission.resource,
            "namespace": mapping.namespace,
        }
        if cluster.may(**attributes):
            continue
        refused = (
            [name for name in names if not cluster.may(**attributes, name=name)] if permission.named else [""]
        )
        if refused:
            yield f"{verb} {permission.resource}{_of(refused, len(names))}", permission


def _of(refused: Sequence[str], total: int) -> str:
    """Which of a namespace's workloads, where it is not all that there are."""
    if not refused[0] or len(refused) == total > 1:
        return ""
    more = f" and {len(refused) - NAMED} more" if len(refused) > NAMED else ""
    return f" {', '.join(refused[:NAMED])}{more}"


Present = Mapping[tuple[str, WorkloadKind], Listed[Workload]]
"""The workloads of each namespace and kind; what could not be read is not in it."""


def workloads_are_there(sites: Sequence[Site], present: Present) -> Iterator[Finding]:
    """See that every mapped workload is there, and runs the site's image."""
    there, mapped = 0, [(site, reference) for site in sites for reference in site.references]
    for site, reference in mapped:
        place = (reference.namespace, reference.kind)
        if place not in present:
            continue
        problem = _problem(site, reference, present[place].named(reference.name))
        there += problem is None
        if problem:
            yield problem
    for site in sites:
        if not site.references:
            yield bad(f"Workloads, {site.name}", "Its mapping names no workload.", "Add one in the admin.")
    if there:
        yield good("Workloads", f"{there} of {len(mapped)} found, with the right container and image.")


def unmapped(sites: Sequence[Site], present: Present) -> Iterator[Finding]:
    """Unmapped workloads that could be a site, in the namespaces that could be read."""
    found: list[str] = []
    mapped = frozenset[str]().union(*(site.places for site in sites))
    for workloads in present.values():
        named = candidates(workloads, mapped=mapped)
        found += dict.fromkeys(str(each.reference.place) for each in named)
    if found:
        more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
        stated = f"No site maps {', '.join(found[:NAMED])}{more}: `manage.py discover` prints lines for import_sites."
        yield good("Not mapped", stated)
    for workloads in present.values():
        for each in unnameable(workloads, mapped=mapped):
            yield warning(f"Not mapped, {each.reference.name}", each.reason, TAG_BY_COMMIT)


def tags_are_given(sites: Sequence[Site], images: Mapping[str, str]) -> Iterator[Finding]:
    """See that each site's template gives the very tag that runs: where not, no newer image is ever found.

    `images` is what each site's first workload is asked to run.
    """
    for site in sites:
        image = images.get(site.name, "")
        reason = why_no_template(image)
        template = image_template_for(image, repository=site.repository)
        if reason:
            yield warning(f"Tags, {site.name}", reason, TAG_BY_COMMIT)
        elif template and not site.template.gives(parse_image(image).tag or ""):
            message = f"It runs {image}, and {site.template.text} makes no such tag."
            yield warning(f"Tags, {site.name}", message, f"Set the mapping's image template to {template}.")


def _problem(site: Site, reference: WorkloadReference, workload: Workload | None) -> Finding | None:
    subject = f"{reference.kind}, {site.name}"
    if workload is None:
        gone = f"There is no {reference.place}."
        return bad(subject, gone, "Correct the site's workloads in the admin.")
    rewritten = rewritten_containers(site, workload)
    targets = targets_of(
        workload, reference=reference, repositories=site.image_repositories, rewritten=rewritten
    )
    if not targets:
        remedy = "Correct the site's workloads in the admin."
        return bad(subject, no_target(workload, reference), remedy)
    image = all_images(workload)[targets[0]]
    if site.expected_repository and not site.owns(image) and targets[0] not in rewritten:
        drifted = f"{targets[0]} runs {image}, which is not of {site.expected_repository}."
        return warning(
            subject,
            drifted,
            "Correct the mapping or its image template. Headway does not change this workload.",
        )
    return None
