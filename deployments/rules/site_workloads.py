"""The observed state of a site's workloads, and whether they agree on one commit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from deployments.rules.targets import WorkloadReference
from deployments.rules.wording import sentences, short
from deployments.rules.workloads import WorkloadKind

_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class WorkloadSeen:
    """One workload as a sync saw it. Commits are as far as the image's tag carries them: 7 to 40 digits, or empty."""

    kind: str
    namespace: str
    name: str
    asked: str = ""
    """The commit that its containers are asked to run; empty where they differ, or it is not known."""
    running: str = ""
    """The commit that its ready pods run; empty where none is ready, or several are."""
    running_build: str = ""
    """By label, what the pods were seen to run: one digest, or several with a space between them."""
    ready: int = 0
    wanted: int = 0
    resource_version: str = ""
    containers: Mapping[str, str] | None = None
    """The asked-for commit of each container that runs the site's image, also of those that the mapping leaves out."""
    problem: str = ""
    """Why it cannot be deployed: it is not there, or has no container of the site's. Empty where it can."""

    @property
    def is_of(self) -> tuple[str, str, str]:
        """Which workload it is."""
        return self.kind, self.namespace, self.name

    @property
    def label(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def present(self) -> str:
        """The commit that runs; where there are no own pods, or none are wanted, the one that its next pod would run."""
        return self.running if self.wanted else self.asked


def seen_of(reference: WorkloadReference, seen: Iterable[WorkloadSeen]) -> WorkloadSeen | None:
    """What was seen of that workload last; None where nothing was."""
    wanted = (reference.kind.value, reference.namespace, reference.name)
    return next((each for each in seen if each.is_of == wanted), None)


def in_words(seen: WorkloadSeen | None) -> str:
    """What the last check found of a workload, for a person: `main, migrate: 3f9c2a1. 2 of 2 pods ready.`"""
    if seen is None:
        return "Not checked yet."
    if seen.problem:
        return seen.problem
    by_commit: dict[str, list[str]] = {}
    for name, sha in (seen.containers or {}).items():
        by_commit.setdefault(short(sha) or "no known commit", []).append(name)
    found = "; ".join(f"{', '.join(names)}: {commit}" for commit, names in by_commit.items())
    return sentences(found or "Found", _pods_in_words(seen))


def _pods_in_words(seen: WorkloadSeen) -> str:
    if seen.kind == WorkloadKind.CRON_JOB:
        return ""
    if not seen.wanted:
        return "Scaled to 0 pods"
    return f"{seen.ready} of {seen.wanted} {'pod' if seen.wanted == 1 else 'pods'} ready"


def disagreement(workloads: Sequence[WorkloadSeen]) -> str:
    """Say which workload, or container, runs which commit; empty where all that is known is one commit.

    A container within a workload is named alone where its workload's others agree without it.
    """
    parts: list[tuple[str, str]] = []
    for each in workloads:
        by_container = {name: sha for name, sha in (each.containers or {}).items() if sha}
        if is_one(by_container.values()):
            parts.append((each.label, each.present or each.asked))
        else:
            parts += [(f"{name} of {each.label}", sha) for name, sha in by_container.items()]
    known = [(label, sha) for label, sha in parts if sha]
    if is_one(sha for _, sha in known):
        return ""
    verb = {WorkloadKind.CRON_JOB.value: "will run"}
    return ", ".join(
        f"{label} {verb.get(label.partition(' ')[0], 'runs')} {short(sha)}" for label, sha in known
    )


def unmapped_in_words(commits: Mapping[str, str]) -> str:
    """Say which workloads, by their kinds and names, are at which commits without being mapped; at most three are named."""
    if not commits:
        return ""
    named = [f"{label} at {short(sha)}" for label, sha in commits.items()]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return f"Same image, not mapped: {', '.join(named[:_NAMED])}{more}."


def is_one(shas: Iterable[str]) -> bool:
    """Whether these are one commit, some of them perhaps shortened."""
    longest_first = sorted(set(shas), key=len, reverse=True)
    return all(longest_first[0].startswith(each) for each in longest_first)
