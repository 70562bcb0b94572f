"""Search the cluster for what could be a site, and ask the registry and GitHub what it is."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from deployments.clients.clients import Clients
from deployments.clients.cluster import ClusterError
from deployments.clients.github import Head, HeadProblem, HeadQuestion
from deployments.clients.registry import BuildLabels, RegistryError, RegistryUnavailable
from deployments.models import Discovery, Site
from deployments.operations.doctor.findings import Finding, bad, good, warning
from deployments.operations.doctor.tokens import installations_suffice, tokens_suffice
from deployments.operations.first_start.apps import FoundApp, key_of
from deployments.operations.first_start.survey import Survey, survey
from deployments.rules.builds import REVISION, slug_in
from deployments.rules.discovery import Candidate, has_words, owner_in, unique_names
from deployments.rules.image_prefixes import begins_with_one_of
from deployments.rules.images import parse_image
from deployments.rules.suggestions import commit_in
from deployments.rules.targets import format_references
from deployments.rules.wording import counted, short

AT_ONCE = 8
MOST_APPS = 300
"""In one search: each costs two to four requests of a registry."""
UNREADABLE_AT_MOST = 10
"""Images that are listed one by one."""
SILENT_AT_MOST = 3
"""Images for which a registry does not answer before it is asked about no more."""
REGISTRY_REMEDY = "Check DOCKER_CONFIG, and who may read this image repository."
NO_CLUSTER = "Set KUBECONFIG, or run the worker in the cluster with its ServiceAccount."


@dataclass(frozen=True)
class Found:
    steps: tuple[tuple[str, list[Finding]], ...]
    apps: tuple[FoundApp, ...] = ()


def record_discovery(
    *,
    clients: Clients,
    usual_namespaces: Sequence[str] = (),
    image_prefixes: Sequence[str],
    now: datetime,
) -> None:
    """Search where the page has named, else in the usual namespaces, and keep what was found for the page."""
    latest = Discovery.latest()
    found = find(
        clients=clients,
        namespaces=latest.namespaces,
        words=latest.words,
        usual_namespaces=usual_namespaces,
        image_prefixes=image_prefixes,
        now=now,
    )
    steps = [{"title": title, "findings": [each.as_dict() for each in lines]} for title, lines in found.steps]
    # Not before it was requested, by web's clock: else it would seem to be under way forever.
    finished_at = max(latest.asked_at or now, now)
    Discovery.record(finished_at=finished_at, steps=steps, apps=[each.as_dict() for each in found.apps])


def find(
    *,
    clients: Clients,
    namespaces: Sequence[str] = (),
    words: str = "",
    usual_namespaces: Sequence[str] = (),
    image_prefixes: Sequence[str],
    now: datetime,
) -> Found:
    """What could be a site in `namespaces`; where none is named, in the usual ones and those that have sites, or in `default`.

    With `words`, only what has each of them in a name, an image or a host.

    One LIST for each namespace and kind, two or three GETs for each image, one GitHub request for 25 repositories.
    """
    sites = list(Site.objects.with_workloads())
    tokens = list(tokens_suffice(clients, now=now))
    mapped = {reference.namespace for site in sites for reference in site.references}
    places = frozenset[str]().union(*(site.places for site in sites))
    try:
        seen = survey(
            clients.cluster,
            namespaces=namespaces or sorted(mapped.union(usual_namespaces)) or ["default"],
            mapped=places,
            prefixes=image_prefixes,
        )
    except ClusterError as error:
        unreachable = [bad("Cluster", str(error), NO_CLUSTER)]
        return Found((("GitHub", tokens), ("Cluster", unreachable)))
    left_out = list(_leave_out(seen, words))
    labels = _labels(clients, seen)
    apps = _apps(seen, labels, sites=sites, image_prefixes=image_prefixes)
    apps, answers = _checked(clients, apps)
    installed = installations_suffice(clients, [each.owner for each in apps if each.owner])
    return Found(
        steps=(
            ("GitHub", [*tokens, *installed, *answers]),
            ("Cluster", [*seen.findings, *left_out]),
            ("Registry", [*_registry(labels), *_without_commit(seen, labels)]),
        ),
        apps=tuple(sorted(apps, key=lambda each: (bool(each.problems), each.name))),
    )


def _leave_out(seen: Survey, words: str) -> Iterator[Finding]:
    """Keep what has the words, and no more than one search can check in time, and say how many are left.

    Those by label come last: not all of them are apps, and what is not an app is never added, so it would block the others forever.
    """
    kept = [app for app in seen.apps if has_words(app, _hosts(app, seen), words=words)]
    if words:
        yield good("Words", f"{counted(len(kept), 'app')} of {len(seen.apps)} with “{words}”.")
    seen.apps = sorted(kept, key=lambda app: app[0] in seen.by_label)
    left = len(seen.apps) - MOST_APPS
    if left > 0:
        seen.apps = seen.apps[:MOST_APPS]
        message = f"{MOST_APPS} apps are proposed at once. {left} more were found."
        yield warning(
            "Apps", message, "Add these, then search again, or search by name or in fewer namespaces."
        )


def _hosts(app: Sequence[Candidate], seen: Survey) -> list[str]:
    return [host for each in app for host in seen.hosts.get(each.reference.place, ())]


Labels = Mapping[str, BuildLabels | RegistryError | None]
"""What each image says it was built from; None where the registry does not have it."""


def _labels(clients: Clients, seen: Survey) -> Labels:
    images = sorted({app[0].image for app in seen.apps})

    silent: Counter[str] = Counter()

    def ask(image: str) -> BuildLabels | RegistryError | None:
        reference = parse_image(image)
        if silent[reference.registry] >= SILENT_AT_MOST:
            return RegistryUnavailable(
                f"{reference.registry} did not answer, and was not asked about this image."
            )
        try:
            return clients.registry.build(reference)
        except RegistryUnavailable as error:
            silent[reference.registry] += 1
            return error
        except RegistryError as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return dict(zip(images, threads.map(ask, images), strict=True))


def _registry(labels: Labels) -> Iterator[Finding]:
    refused = [(image, found) for image, found in labels.items() if isinstance(found, RegistryError)]
    for image, error in refused[:UNREADABLE_AT_MOST]:
        yield bad(image, str(error), REGISTRY_REMEDY)
    if (more := len(refused) - UNREADABLE_AT_MOST) > 0:
        yield bad("Images", f"{counted(more, 'more image')} cannot be read.", REGISTRY_REMEDY)
    there = sum(isinstance(found, BuildLabels) for found in labels.values())
    message = f"{there} of {len(labels)} can be read." if labels else "There were no images to check."
    yield good("Images", message)


def _without_commit(seen: Survey, labels: Labels) -> Iterator[Finding]:
    """Images of our own folders that are not proposed: a build of ours that lacks its label, or someone else's image."""
    without = sorted(
        {
            app[0].image
            for app in seen.apps
            if not _is_an_app(app, seen, labels) and isinstance(labels[app[0].image], BuildLabels)
        }
    )
    if without:
        named = ", ".join([*without[:UNREADABLE_AT_MOST], *(["…"] if without[UNREADABLE_AT_MOST:] else [])])
        message = (
            f"{counted(len(without), 'image')} not proposed, since neither the tag nor the label {REVISION} names a commit: {named}. "
            "If an app of yours is among them, have its workflow label or tag its images with their commit."
        )
        yield good("Without a commit", message)


def _apps(
    seen: Survey, labels: Labels, *, sites: Sequence[Site], image_prefixes: Sequence[str]
) -> list[FoundApp]:
    owners = {site.owner for site in sites}
    usual = owners.pop() if len(owners) == 1 else ""
    kept = [each for each in seen.apps if _is_an_app(each, seen, labels)]
    hosts = [_hosts(app, seen) for app in kept]
    proposed = [
        (app[0].reference.name if not found else found[0], app[0].reference.namespace)
        for app, found in zip(kept, hosts, strict=True)
    ]
    return [
        _app(
            app, name, tuple(dict.fromkeys(found)), labels[app[0].image], owner=usual, prefixes=image_prefixes
        )
        for app, name, found in zip(kept, unique_names(proposed), hosts, strict=True)
    ]


def _is_an_app(app: Sequence[Candidate], seen: Survey, labels: Labels) -> bool:
    """An image whose tag moves is one only where its label says a commit: else it is someone else's, such as a database."""
    found = labels[app[0].image]
    return app[0] not in seen.by_label or (isinstance(found, BuildLabels) and bool(found.revision))


def _app(
    app: Sequence[Candidate],
    name: str,
    hosts: tuple[str, ...],
    labels: BuildLabels | RegistryError | None,
    *,
    owner: str,
    prefixes: Sequence[str],
) -> FoundApp:
    image, stated = app[0].image, labels if isinstance(labels, BuildLabels) else None
    owner_stated, _, repository_stated = slug_in(stated.source if stated else "").partition("/")
    tagged = commit_in(image)
    problems = []
    if not begins_with_one_of(prefixes, image):
        problems.append(
            f"This worker runs no images from {parse_image(image).repository}: add it to IMAGE_PREFIXES."
        )
    return FoundApp(
        key=key_of(app),
        name=name,
        workloads=format_references(each.reference for each in app),
        image=image,
        hosts=hosts,
        owner=owner_stated or owner_in(image) or owner,
        repository=repository_stated or app[0].repository,
        commit=tagged or (stated.revision.lower() if stated else ""),
        is_by_label=not tagged,
        problems=tuple(problems),
    )


def _checked(clients: Clients, apps: Sequence[FoundApp]) -> tuple[list[FoundApp], list[Finding]]:
    """The same as GitHub knows them: one question for all, about each repository and the commit that runs; and what it answered."""
    questions = [
        HeadQuestion(key=each.key, owner=each.owner, repository=each.repository, running=each.commit)
        for each in apps
        if each.owner
    ]
    heads = clients.github.heads(questions).heads
    confirmed = sum(isinstance(each, Head) and bool(each.running_sha) for each in heads.values())
    known = [_as_known(each, heads.get(each.key)) for each in apps]
    return known, list(_repositories(confirmed, of=len(apps)))


def _as_known(app: FoundApp, head: Head | HeadProblem | None) -> FoundApp:
    if head is None:
        return _with(app, "Its repository is unknown. Enter it as owner/name.")
    if isinstance(head, HeadProblem):
        return _with(app, str(head.error))
    owner, _, repository = head.name_with_owner.partition("/")
    known = replace(
        app,
        owner=owner or app.owner,
        repository=repository or app.repository,
        commit=head.running_sha or "",
        headline=head.headline,
    )
    if head.running_sha == "":
        return _with(
            known, f"{app.slug} has no commit {short(app.commit)}. Check that it is this image's repository."
        )
    return known


def _with(app: FoundApp, problem: str) -> FoundApp:
    return replace(app, problems=(*app.problems, problem))


def _repositories(confirmed: int, *, of: int) -> Iterator[Finding]:
    message = f"{confirmed} of {of} have the commit that runs."
    if confirmed:
        yield good("Repositories", message)
    elif of:
        yield warning("Repositories", message, "Each app below says why.")
