"""If the newest commit has no image: the newest one below it that has one, and is newer than what runs; by release also another version of it."""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from deployments.clients.github import Head, HeadProblem
from deployments.models import Observation, Site
from deployments.operations.sync.gather_images import Built, RegistryQuestions, gather_images
from deployments.rules.images import ImageReference
from deployments.rules.site_facts import CheckState
from deployments.rules.times import parse_time
from deployments.rules.versions import Version

AT_MOST = 10
"""Commits below the head; of a site with paths those that touch them, by release those that have a version."""
ASKED_AGAIN_FOR = timedelta(hours=2)
"""Each is queried once, and again while its build may be running: a commit that skips CI often follows one that does not."""


@dataclass(frozen=True, kw_only=True)
class KnownBelow:
    """What is known below one site's head before its registry is asked: by release versions, newest first, and by label commits of builds."""

    versions: Sequence[Version] = ()
    """The newest first; of one commit there may be several, of which any may have the image."""
    built: Collection[str] = ()


@dataclass(frozen=True)
class _Asked:
    """An image that may take the newest one's place."""

    sha: str
    image: ImageReference
    version: str = ""


def commits_to_ask(site: Site, *, now: datetime) -> tuple[str, ...]:
    """Those below the head as last seen whose images are looked for now by their commits, newest first; none where the head was built."""
    if site.observation.head_image_built is not False or site.is_by_label or site.is_by_release:
        # No name identifies a commit's image: by label builds say which commits they are, and by release few commits have a version.
        return ()
    return _due(site, (each["sha"] for each in _own_line(site)[:AT_MOST]), now=now)


def others_of(site: Site, *, known: Iterable[str] = (), now: datetime) -> tuple[str, ...]:
    """The commits besides the head whose CI is asked about along with it; `known` are those that have a build or a version."""
    seen = site.observation
    asked = (seen.built_sha, seen.awaited_sha, *known, *commits_to_ask(site, now=now))
    return tuple(dict.fromkeys(filter(None, asked)))


def mainline_of(site: Site) -> list[dict[str, str]]:
    """The commits between what runs and the head, as they were seen last, that were the branch's newest; none unless the head had no image.

    As annotated by the sync.
    """
    return getattr(site, "mainline", None) or []


def gather_built(
    sites: Sequence[Site],
    seen: Mapping[int, Observation],
    heads: Mapping[Hashable, Head | HeadProblem],
    questions: RegistryQuestions,
    *,
    below: Mapping[int, KnownBelow],
    now: datetime,
) -> None:
    """Note for each site whose head is not built which commit below it is; `below` by the sites' keys."""
    wanted = {
        site.pk: _images(site, below[site.pk], now=now)
        for site in sites
        if site.expected_repository and _is_below_known(site, seen[site.pk])
    }
    built = gather_images({each.image for of_site in wanted.values() for each in of_site}, questions)
    for site in sites:
        head = heads[site.pk]
        answers = [(each, built[each.image]) for each in wanted.get(site.pk, ())]
        states = head.other_states if isinstance(head, Head) else {}
        _Note(site, seen[site.pk], answers, states, below[site.pk], now).write()


def _images(site: Site, below: KnownBelow, *, now: datetime) -> list[_Asked]:
    """The images to query, the newest first."""
    if site.is_by_release:
        due = set(_due(site, dict.fromkeys(each.sha for each in below.versions), now=now))
        return [
            _Asked(each.sha, image, each.name)
            for each in below.versions
            if each.sha in due and (image := site.image_of_version(each.name))
        ]
    return [_Asked(sha, site.image_for(sha)) for sha in commits_to_ask(site, now=now)]


@dataclass(frozen=True)
class _Note:
    site: Site
    seen: Observation
    answers: Sequence[tuple[_Asked, Built]]
    states: Mapping[str, str]
    below: KnownBelow
    now: datetime

    def write(self) -> None:
        seen = self.seen
        if seen.awaited_sha in self.states or not seen.awaited_sha:
            seen.awaited_check_state = self.states.get(seen.awaited_sha, CheckState.UNKNOWN)
        if seen.head_image_built:
            seen.asked_below = None
            self._set("")
            return
        if seen.built_sha in self.states or seen.built_sha == seen.head_sha:
            seen.built_check_state = self._state_of(seen.built_sha)
        if not _is_same_pair(self.site, seen):
            # Which commits lie below the new head is not known yet: a Deploy asks GitHub whether its commit is on the branch.
            return
        headlines = self._headlines()
        is_gone = self.site.is_by_label and seen.built_sha not in self.below.built
        if seen.built_sha in headlines and not is_gone:
            seen.built_from_sha = seen.running_sha
        elif _is_range_known(self.site):
            self._set("")
        self._remember(headlines)
        if best := next(self._good(headlines), ""):
            self._set(best, headlines[best])

    def _headlines(self) -> dict[str, str]:
        """Of what may take the head's place; by release the head itself may, by another version."""
        own = {self.seen.head_sha: self.seen.head_headline} if self.site.is_by_release else {}
        return own | {each["sha"]: each["headline"] for each in mainline_of(self.site)}

    def _state_of(self, sha: str) -> str:
        is_head = sha == self.seen.head_sha
        return self.seen.check_state if is_head else self.states.get(sha, CheckState.UNKNOWN)

    def _good(self, line: Iterable[str]) -> Iterator[str]:
        """What is built and not red, newest first."""
        built = {asked.sha for asked, answer in self.answers if answer is True}.union(self.below.built)
        for sha in line:
            if sha in built and self._state_of(sha) != CheckState.FAILURE:
                yield sha

    def _remember(self, known: Mapping[str, str]) -> None:
        before = self.seen.asked_below or {}
        first = {
            asked.sha: self.now.isoformat() for asked, answer in self.answers if isinstance(answer, bool)
        }
        self.seen.asked_below = {sha: at for sha, at in (first | before).items() if sha in known} or None

    def _set(self, sha: str, headline: str = "") -> None:
        seen = self.seen
        seen.built_sha, seen.built_headline = sha, headline
        seen.built_check_state = self._state_of(sha) if sha else CheckState.UNKNOWN
        found = (asked.version for asked, answer in self.answers if asked.sha == sha and answer is True)
        seen.built_version = next(found, "")
        seen.built_from_sha = seen.running_sha if sha else ""


def _due(site: Site, shas: Iterable[str], *, now: datetime) -> tuple[str, ...]:
    """Those of `shas`, newest first, that may take the place of the one that is known to be built and not red, and are queried now."""
    seen = site.observation
    found = []
    for sha in shas:
        if sha != seen.built_sha:
            found.append(sha)
        elif seen.built_check_state != CheckState.FAILURE:
            break
    return tuple(sha for sha in found if _is_asked_now((seen.asked_below or {}).get(sha), now))


def _own_line(site: Site) -> list[dict[str, str]]:
    """Without the commits that touch none of the site's paths: their builds may never come."""
    left_out = site.observation.left_out_of(site.paths) or ()
    return [each for each in mainline_of(site) if each["sha"] not in left_out]


def _is_range_known(site: Site) -> bool:
    return getattr(site, "mainline", None) is not None


def _is_below_known(site: Site, seen: Observation) -> bool:
    """Whether the head is not built now either, and what lies between it and what runs is what was fetched."""
    return seen.head_image_built is False and _is_same_pair(site, seen)


def _is_same_pair(site: Site, seen: Observation) -> bool:
    before = site.observation
    return (before.running_sha, before.head_sha) == (seen.running_sha, seen.head_sha)


def _is_asked_now(first_asked_at: str | None, now: datetime) -> bool:
    at = parse_time(first_asked_at) if first_asked_at else None
    return at is None or now - at < ASKED_AGAIN_FOR
