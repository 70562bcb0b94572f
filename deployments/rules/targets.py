"""Which containers of a workload belong to a site: those that run its image, init containers too.

An app is all that runs its image: a migration in an init container that stays at the old commit is another app than the one that the
page shows.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from deployments.rules.workloads import Workload, WorkloadKind, all_images, containers, matching_containers

UNMAPPED = "The mapping names no workload. Add what runs its image in the cluster."


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkloadReference:
    """A workload as a mapping names it. `containers` narrow what of it is the site's; none: all that run its image."""

    kind: WorkloadKind
    namespace: str
    name: str
    containers: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def place(self) -> str:
        """Where it is, for a person."""
        return f"{self} in namespace {self.namespace}"


def targets_of(
    workload: Workload,
    *,
    reference: WorkloadReference,
    repositories: Collection[str],
    rewritten: Collection[str] = (),
) -> tuple[str, ...]:
    """The containers that a Deploy of the site gives its image, those that serve first; none where no container can be meant.

    `rewritten` are those whose image is the site's, though admission has led it to another image repository. Where none runs an image of the site's `repositories`, it is the container that the mapping names, that is named like the
    workload, or that is the only one: the wrong-app guard has it that another app's image is replaced knowingly, or not at all.
    """
    matching = {each.name for each in matching_containers(workload, repositories)}
    found = [name for name in all_images(workload) if name in matching or name in rewritten]
    if reference.containers:
        found = [name for name in found if name in reference.containers]
    served = containers(workload)
    # sorted() keeps the template's order among the init containers, and among the others.
    return tuple(sorted(found, key=lambda name: name not in served)) or _meant(workload, reference)


def _meant(workload: Workload, reference: WorkloadReference) -> tuple[str, ...]:
    present, served = all_images(workload), tuple(containers(workload))
    if reference.containers:
        return tuple(name for name in reference.containers if name in present)
    named = reference.name.split(".")[0]
    if named in served:
        return (named,)
    return served if len(served) == 1 else ()


def no_target(workload: Workload, reference: WorkloadReference) -> str:
    """Say that none of the workload's containers can be the site's, and the remedy."""
    present = ", ".join(all_images(workload)) or "none"
    if reference.containers:
        return f"{reference} has no container named {' or '.join(reference.containers)}, only {present}. Correct the mapping."
    return (
        f"No container of {reference} runs an image of this site, and it has several ({present}). "
        "Correct the mapping, or name the container in it."
    )


def left_behind(
    workload: Workload,
    *,
    targets: Collection[str],
    repositories: Collection[str],
    rewritten: Collection[str] = (),
) -> dict[str, str]:
    """Containers that run the site's image and that its mapping leaves out, by name, with their images."""
    matching = {each.name for each in matching_containers(workload, repositories)}
    return {
        name: image
        for name, image in all_images(workload).items()
        if (name in matching or name in rewritten) and name not in targets
    }


class UnableToParseReferences(ValueError):
    """The sentence says which part, and how it is written."""


_REFERENCE = re.compile(
    r"(?P<kind>[A-Za-z]+)\s+(?:(?P<namespace>[^/\s\[\]]+)/)?(?P<name>[^/\s\[\]]+)\s*(?:\[(?P<only>[^\]]*)\])?"
)
_KINDS = {kind.value.casefold(): kind for kind in WorkloadKind}


def parse_references(text: str, *, namespace: str = "default") -> tuple[WorkloadReference, ...]:
    """Read what `format_references` writes: `Deployment shop/web; CronJob shop/tick [tick, migrate]`.

    A namespace that is left out is `namespace`. Raises UnableToParseReferences.
    """
    parts = [part.strip() for part in re.split(r"[;\n]", text)]
    return tuple(_parse(part, namespace) for part in parts if part)


def format_references(references: Iterable[WorkloadReference]) -> str:
    """Write workloads as one line of text, as tables and CSV files have them."""
    return "; ".join(
        f"{each.kind} {each.namespace}/{each.name}"
        + (f" [{', '.join(each.containers)}]" if each.containers else "")
        for each in references
    )


def _parse(part: str, namespace: str) -> WorkloadReference:
    found = _REFERENCE.fullmatch(part)
    kind = _KINDS.get(found["kind"].casefold()) if found else None
    if found is None or kind is None:
        raise UnableToParseReferences(
            f"“{part[:80]}” is not a workload. Write its kind ({', '.join(WorkloadKind)}), namespace and name, "
            "like Deployment shop/web."
        )
    named = sorted({each for each in re.split(r"[,\s]+", found["only"] or "") if each})
    return WorkloadReference(
        kind=kind, namespace=found["namespace"] or namespace, name=found["name"], containers=tuple(named)
    )
