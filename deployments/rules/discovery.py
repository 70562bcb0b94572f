"""Which workloads could be sites but are not mapped yet: those with a container whose image carries a commit, a version, or our own moving tag."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from deployments.rules.image_prefixes import begins_with_one_of
from deployments.rules.images import UnableToParseImage, parse_image
from deployments.rules.managers import not_ours_to_change, operator_of
from deployments.rules.suggestions import image_template_for, mapping_for, why_no_template
from deployments.rules.targets import WorkloadReference
from deployments.rules.workloads import Workload, WorkloadKind, all_images

GITHUB_REGISTRY = "ghcr.io"
"""https://docs.github.com/packages/working-with-a-github-packages-registry/working-with-the-container-registry"""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A workload that could be mapped. `repository` is a guess at GitHub's, from the image's name."""

    reference: WorkloadReference
    image: str
    repository: str
    image_template: str
    commit_source: str = ""
    """Empty: its tag carries the commit."""
    moving_tag: str = ""


@dataclass(frozen=True, kw_only=True)
class Unnameable:
    """A workload whose image carries a commit that no image template can name, and why."""

    reference: WorkloadReference
    reason: str


def _nobody(_repository: str) -> bool:
    return False


def candidates(
    workloads: Iterable[Workload], *, mapped: Collection[str], is_ours: Callable[[str], bool] = _nobody
) -> Iterator[Candidate]:
    """Those of the workloads, whose places are not `mapped`, in the order of their names; a sidecar's image carries no commit.

    An image whose tag is a version, or moves, counts only where its image repository `is_ours`: everyone's images have such tags.
    """
    for reference, workload in _open(workloads, mapped):
        # One for each image repository: a container of another app gets its own mapping.
        found: dict[str, Candidate] = {}
        for image in all_images(workload).values():
            if (each := _candidate(reference, image, is_ours)) is not None:
                found.setdefault(parse_image(image).repository, each)
        yield from found.values()


def _candidate(reference: WorkloadReference, image: str, is_ours: Callable[[str], bool]) -> Candidate | None:
    suggested = mapping_for(image, repository="")
    if not suggested:
        return None
    repository = parse_image(image).repository
    if "commit_source" in suggested and not is_ours(repository):
        return None
    return Candidate(reference=reference, image=image, repository=repository.rpartition("/")[2], **suggested)


def label_candidates(
    workloads: Iterable[Workload], *, mapped: Collection[str], prefixes: Sequence[str]
) -> Iterator[Candidate]:
    """Those with an image below one of `prefixes` whose tag moves, like `main`, or is a version: its label may name a commit, which the registry is queried for."""
    for reference, workload in _open(workloads, mapped):
        found: dict[str, Candidate] = {}
        for image in all_images(workload).values():
            if not begins_with_one_of(prefixes, image):
                continue
            says_none = "commit_source" in (suggested := mapping_for(image, repository=""))
            if says_none and (repository := parse_image(image).repository) not in found:
                found[repository] = Candidate(
                    reference=reference,
                    image=image,
                    repository=repository.rpartition("/")[2],
                    **suggested,
                )
        yield from found.values()


def owner_in(image: str) -> str:
    """Whose GitHub packages an image is among; empty where its name does not say."""
    try:
        reference = parse_image(image)
    except UnableToParseImage:
        return ""
    owner, slash, _ = reference.path.partition("/")
    return owner if slash and reference.registry == GITHUB_REGISTRY else ""


def unique_names(proposed: Iterable[tuple[str, str]]) -> list[str]:
    """A site's name for each pair of a name and a namespace: the name, with its namespace where several have it, and a number at last."""
    pairs = list(proposed)
    count = Counter(name for name, _ in pairs)
    names: list[str] = []
    for name, namespace in pairs:
        plain = name if count[name] == 1 else f"{name}-{namespace}"
        numbered = (f"{plain}-{number}" for number in range(2, len(pairs) + 2))
        names.append(plain if plain not in names else next(each for each in numbered if each not in names))
    return names


def unnameable(workloads: Iterable[Workload], *, mapped: Collection[str]) -> Iterator[Unnameable]:
    """Those of the workloads that are no candidates for their tags alone, with the reason of the first such image."""
    for reference, workload in _open(workloads, mapped):
        images = all_images(workload).values()
        reason = next((why for each in images if (why := why_no_template(each))), "")
        if reason and not any(image_template_for(each, repository="") for each in images):
            yield Unnameable(reference=reference, reason=reason)


def by_operators(workloads: Iterable[Workload]) -> list[str]:
    """Like `Deployment blog-00001 (Knative's Revision “blog-00001”)`: those whose image an operator sets, by name."""
    return sorted(
        f"{each.kind} {each.name} ({operator})" for each in workloads if (operator := operator_of(each))
    )


def _open(
    workloads: Iterable[Workload], mapped: Collection[str]
) -> Iterator[tuple[WorkloadReference, Workload]]:
    """Those that no site maps and that Headway may change, ordered by name."""
    for workload in sorted(workloads, key=lambda each: each.name):
        reference = WorkloadReference(
            kind=WorkloadKind(workload.kind), namespace=workload.namespace, name=workload.name
        )
        if reference.place not in mapped and not not_ours_to_change(workload):
            yield reference, workload


def has_words(app: Sequence[Candidate], hosts: Iterable[str], *, words: str) -> bool:
    """Whether each of the words is a part of a workload's name or namespace, of its image or of one of the hosts."""
    texts = [f"{each.reference.namespace}/{each.reference.name} {each.image}" for each in app]
    text = " ".join([*texts, *hosts]).lower()
    return all(word in text for word in words.lower().split())


def together(found: Iterable[Candidate]) -> list[tuple[Candidate, ...]]:
    """Those of one image repository as one app: what serves comes first, jobs by the clock last."""
    apps: dict[str, list[Candidate]] = defaultdict(list)
    for each in found:
        apps[parse_image(each.image).repository].append(each)
    order = list(WorkloadKind)
    return [
        tuple(sorted(app, key=lambda each: (order.index(each.reference.kind), each.reference.name)))
        for app in apps.values()
    ]
