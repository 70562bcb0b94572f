"""Whether what a mapping names exists, checked when it is saved: a message for each field, and for each workload."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from deployments.clients.clients import Clients
from deployments.clients.cluster import Cluster, ClusterError, NotFound
from deployments.clients.github import Head, HeadProblem, HeadQuestion
from deployments.clients.registry import Registry, RegistryError
from deployments.facts import namespace_mappings
from deployments.models import MappingCheck, Site
from deployments.operations.deploys.rewritten import rewritten_containers
from deployments.operations.doctor.cluster import missing_rights
from deployments.operations.doctor.findings import Finding, bad, good, warning
from deployments.rules.builds import BuildFacts, why_not_counted
from deployments.rules.image_prefixes import begins_with_one_of
from deployments.rules.targets import WorkloadReference, no_target, targets_of
from deployments.rules.wording import short
from deployments.rules.workloads import Workload, WorkloadKind, all_images, matching_containers

CORRECT = "Correct the mapping."
GRANT = "Apply the output of `manage.py rbac`."
NOT_BUILT = "Build it, or correct the image template."


def check_mapping(*, site_id: int, clients: Clients, image_prefixes: Sequence[str], now: datetime) -> None:
    """Check a mapping, and keep what was found for its form. Nothing where it was deleted or answered meanwhile."""
    asked = MappingCheck.objects.filter(site_id=site_id, answered_at=None).first()
    site = Site.objects.with_workloads().filter(pk=site_id).first()
    if asked and site:
        found = examine_mapping(site, clients=clients, image_prefixes=image_prefixes)
        # Not before it was requested, by web's clock.
        asked.answer([each.as_dict() for each in found], now=max(now, asked.asked_at))


def examine_mapping(site: Site, *, clients: Clients, image_prefixes: Sequence[str]) -> list[Finding]:
    """What was found of the fields, which are the subjects, and of the workloads, whose places are.

    One GitHub request, one or two of the registry, one GET for each workload, and a question for each right.
    """
    heads = _heads(site, clients)
    head = heads.get("branch", heads["repository"])
    found = list(_on_github(heads))
    found += _image(site, head, clients.registry, image_prefixes)
    return found + list(_in_the_cluster(site, clients))


Answer = Head | HeadProblem


def _heads(site: Site, clients: Clients) -> dict[str, Answer]:
    """The newest commit of the default branch, under `repository`, and where the mapping names a branch that one's."""
    branches = {"repository": "", "branch": site.branch} if site.branch else {"repository": ""}
    questions = [
        HeadQuestion(key=key, owner=site.owner, repository=site.repository, branch=branch)
        for key, branch in branches.items()
    ]
    answered = clients.github.heads(questions).heads
    return {key: answered[key] for key in branches}


def _on_github(heads: Mapping[str, Answer]) -> Iterator[Finding]:
    repository, branch = heads["repository"], heads.get("branch", heads["repository"])
    if isinstance(repository, Head):
        yield good("repository", f"GitHub has {repository.name_with_owner}.")
    elif isinstance(branch, HeadProblem):
        # Of a repository that is not there, its branch says the same.
        yield bad("repository", str(repository.error), "")
        return
    if isinstance(branch, HeadProblem):
        yield bad("branch", str(branch.error), "")
    else:
        yield good("branch", f"“{branch.branch}” is at {short(branch.sha)} {branch.headline}".strip())


def _image(site: Site, head: Answer, registry: Registry, image_prefixes: Sequence[str]) -> Iterator[Finding]:
    place = site.expected_repository
    if not place:
        yield bad("image_template", "It names no image.", CORRECT)
        return
    if not begins_with_one_of(image_prefixes, place):
        message = f"Its images are in {place}. The worker's IMAGE_PREFIXES do not allow that."
        yield bad("image_template", message, "Correct the image template or IMAGE_PREFIXES.")
    if site.is_by_release or not isinstance(head, Head):
        # Which version is the newest the sync finds out.
        return
    try:
        yield _moving(site, head, registry) if site.is_by_label else _built(site, head, registry)
    except RegistryError as error:
        yield bad("image_template", str(error), "Check the image template, and DOCKER_CONFIG.")


def _built(site: Site, head: Head, registry: Registry) -> Finding:
    image = site.image_for(head.sha)
    if registry.digest(image) is None:
        return warning("image_template", f"The registry has no {image}.", NOT_BUILT)
    return good("image_template", f"The registry has the newest commit's image, {image}.")


def _moving(site: Site, head: Head, registry: Registry) -> Finding:
    image = site.moving_image(head.branch)
    build = registry.build(image)
    if build is None:
        return bad("moving_tag", f"The registry has no {image}.", CORRECT)
    if not build.revision:
        return bad("moving_tag", f"{image} has no label that names its commit.", "Have the build set it.")
    slugs = (f"{site.owner}/{site.repository}", head.name_with_owner)
    if reason := why_not_counted(BuildFacts(revision=build.revision, source=build.source), slugs=slugs):
        return bad("moving_tag", f"Of {image}, {reason}.", "")
    return good("moving_tag", f"{image} was built from {short(build.revision)}.")


def _in_the_cluster(site: Site, clients: Clients) -> Iterator[Finding]:
    try:
        cluster = clients.cluster
        refused = list(_rights(cluster, site))
    except ClusterError as error:
        for each in site.references:
            yield bad(each.place, str(error), "Check KUBECONFIG or the ServiceAccount.")
        return
    for each in site.references:
        yield _workload(cluster, site, each)
    yield from refused
    if site.release_job and site.references:
        yield _release_job(cluster, site, site.references[0].namespace)


def _workload(cluster: Cluster, site: Site, reference: WorkloadReference) -> Finding:
    try:
        workload = cluster.workload(reference.kind, reference.namespace, reference.name)
    except NotFound:
        return bad(reference.place, f"There is no {reference.place}.", CORRECT)
    except ClusterError as error:
        return bad(reference.place, str(error), GRANT)
    rewritten = rewritten_containers(site, workload)
    targets = targets_of(
        workload, reference=reference, repositories=site.image_repositories, rewritten=rewritten
    )
    if not targets:
        return bad(reference.place, no_target(workload, reference), "")
    image = all_images(workload)[targets[0]]
    if not site.owns(image) and targets[0] not in rewritten:
        message = f"Container {targets[0]} runs {image}, which is not an image of {site.expected_repository or 'this site'}."
        return warning(reference.place, message, "Correct the mapping or its image template.")
    return good(reference.place, f"Container {', '.join(targets)} runs {image}.")


def _rights(cluster: Cluster, site: Site) -> Iterator[Finding]:
    """One line for each workload with a kind that lacks a permission; what every kind needs is listed for all. Raises ClusterError."""
    for mapping in namespace_mappings([site]):
        for attributes, permission in missing_rights(cluster, mapping):
            message = f"The worker may not {attributes}, needed for {permission.what_for}."
            of = [each for each in site.references if each.namespace == mapping.namespace]
            concerned = [each for each in of if permission.kind in {"", each.kind.value}]
            places = [each.place for each in concerned] or ["release_job"]
            for place in places:
                yield bad(place, message, GRANT)


def _release_job(cluster: Cluster, site: Site, namespace: str) -> Finding:
    try:
        found: Workload = cluster.workload(WorkloadKind.CRON_JOB, namespace, site.release_job)
    except NotFound:
        message = f"There is no CronJob {site.release_job} in namespace {namespace}."
        return bad("release_job", message, CORRECT)
    except ClusterError as error:
        return bad("release_job", str(error), GRANT)
    if not found.is_suspended:
        message = f"CronJob {found.name} is not suspended. It also runs by its schedule."
        return bad("release_job", message, "Set spec.suspend to true.")
    if not matching_containers(found, site.image_repositories) and not rewritten_containers(site, found):
        message = f"No container of CronJob {found.name} runs an image of this site."
        return bad("release_job", message, CORRECT)
    return good(
        "release_job",
        f"CronJob {found.name} in namespace {namespace} is suspended and runs the site's image.",
    )
