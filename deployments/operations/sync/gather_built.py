"""If the newest commit has no image: the newest one below it that has one, and is newer than what runs."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from deployments.clients.github import Head, HeadProblem
from deployments.models import Observation, Site
from deployments.operations.sync.gather_images import Built, RegistryQuestions, gather_images
from deployments.rules.site_facts import CheckState
from deployments.rules.times import parse_time

AT_MOST = 10
"""Commits below the head, as CommitRange keeps them."""
ASKED_AGAIN_FOR = timedelta(hours=2)
"""Each is queried once, and again while its build may be running: a commit that skips CI often follows one that does not."""


def commits_to_ask(site: Site, *, now: datetime) -> tuple[str, ...]:
    """Those below the last seen head to check for images now, newest first; none where the head was built."""
    seen = site.observation
    if seen.head_image_built is not False or site.is_by_label or site.is_by_release:
        # No name identifies a commit's image: by label the newest build itself says which one it is, and few commits are released.
        return ()
    return tuple(sha for sha in _newer(site) if _is_due((seen.asked_below or {}).get(sha), now))


def others_of(site: Site, *, now: datetime) -> tuple[str, ...]:
    """The commits besides the head for which CI is queried with it."""
    built = site.observation.built_sha
    return tuple(dict.fromkeys(filter(None, (built, *commits_to_ask(site, now=now)))))


def gather_built(
    sites: Sequence[Site],
    seen: Mapping[int, Observation],
    heads: Mapping[Hashable, Head | HeadProblem],
    questions: RegistryQuestions,
    *,
    now: datetime,
) -> None:
    """Note for each site by tag whose head is not built which commit below it is."""
    wanted = {
        site.pk: {sha: site.image_for(sha) for sha in commits_to_ask(site, now=now)}
        for site in sites
        if site.expected_repository and _is_below_known(site, seen[site.pk])
    }
    images = [image for of_site in wanted.values() for image in of_site.values()]
    built = gather_images(images, questions)
    for site in sites:
        head = heads[site.pk]
        answers = {sha: built[image] for sha, image in wanted.get(site.pk, {}).items()}
        states = head.other_states if isinstance(head, Head) else {}
        _Note(site, seen[site.pk], answers, states, now).write()


@dataclass(frozen=True)
class _Note:
    site: Site
    seen: Observation
    answers: Mapping[str, Built]
    states: Mapping[str, str]
    now: datetime

    def write(self) -> None:
        seen = self.seen
        if seen.head_image_built:
            seen.asked_below = None
            self._set("", "", CheckState.UNKNOWN)
            return
        if seen.built_sha in self.states:
            seen.built_check_state = self.states[seen.built_sha]
        if not _is_same_pair(self.site, seen):
            # Which commits lie below the new head is not known yet: a Deploy asks GitHub whether its commit is on the branch.
            return
        headlines = {each["sha"]: each["headline"] for each in _mainline(self.site)}
        if seen.built_sha in headlines:
            seen.built_from_sha = seen.running_sha
        elif _is_range_known(self.site):
            self._set("", "", CheckState.UNKNOWN)
        self._remember(headlines)
        if best := next(self._good(), ""):
            self._set(best, headlines[best], self.states.get(best, CheckState.UNKNOWN))

    def _good(self) -> Iterator[str]:
        """What is built and not red, newest first."""
        for sha, answer in self.answers.items():
            if answer is True and self.states.get(sha) != CheckState.FAILURE:
                yield sha

    def _remember(self, known: Mapping[str, str]) -> None:
        before = self.seen.asked_below or {}
        first = {
            sha: self.now.isoformat() for sha, answer in self.answers.items() if isinstance(answer, bool)
        }
        self.seen.asked_below = {sha: at for sha, at in (first | before).items() if sha in known} or None

    def _set(self, sha: str, headline: str, check_state: str) -> None:
        seen = self.seen
        seen.built_sha, seen.built_headline, seen.built_check_state = sha, headline, check_state
        seen.built_from_sha = seen.running_sha if sha else ""


def _newer(site: Site) -> Iterator[str]:
    """Those below the head, as far as the one that is known to be built and not red."""
    seen = site.observation
    for each in _mainline(site):
        if each["sha"] != seen.built_sha:
            yield each["sha"]
        elif seen.built_check_state != CheckState.FAILURE:
            return


def _mainline(site: Site) -> list[dict[str, str]]:
    """As annotated by the sync: of the running commit and the head as they were seen last."""
    return getattr(site, "mainline", None) or []


def _is_range_known(site: Site) -> bool:
    return getattr(site, "mainline", None) is not None


def _is_below_known(site: Site, seen: Observation) -> bool:
    """Whether the head is not built now either, and what lies between it and what runs is what was fetched."""
    return seen.head_image_built is False and _is_same_pair(site, seen)


def _is_same_pair(site: Site, seen: Observation) -> bool:
    before = site.observation
    return (before.running_sha, before.head_sha) == (seen.running_sha, seen.head_sha)


def _is_due(first_asked_at: str | None, now: datetime) -> bool:
    at = parse_time(first_asked_at) if first_asked_at else None
    return at is None or now - at < ASKED_AGAIN_FOR
