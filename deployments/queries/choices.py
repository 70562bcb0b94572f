"""Which other commits of a site's branch may be deployed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from deployments.models import Build, CommitRange, PublishedVersion, Site
from deployments.queries.commits import Commit, commits_of, on_the_way
from deployments.rules.commit_graph import contained_in
from deployments.rules.wording import counted

SHOWN = 10


@dataclass(frozen=True)
class Choice:
    commit: Commit
    is_ahead: bool
    """It comes after what runs; else it came before."""
    distance: int
    """How many commits that ships or takes back."""
    skipped: int = 0
    """How many newer commits it leaves out, where it is ahead."""

    @property
    def place(self) -> str:
        if not self.is_ahead:
            return f"{counted(self.distance, 'commit')} behind"
        return f"{counted(self.distance, 'commit')} ahead, {self.skipped} behind the newest"


def choices_for(site: Site, commits: Sequence[Commit], *, running: str, head: str) -> tuple[Choice, ...]:
    """Those of `commits`, which lie between what runs and the head, and those known to lie before what runs. Runs at most one SQL query, by release and by label two."""
    known = _with_an_image(site)
    sides = (_ahead(commits, running=running, head=head), _behind(site, running=running))
    shown = (
        islice((each for each in side if known is None or each.commit.sha in known), SHOWN) for side in sides
    )
    return tuple(chain.from_iterable(shown))


def _with_an_image(site: Site) -> frozenset[str] | None:
    """By release the commits that have a version, by label those that a build says it is; None where any commit may have an image."""
    if site.is_by_release:
        versions = PublishedVersion.objects.filter(owner=site.owner, repository=site.repository)
        return frozenset(versions.values_list("sha", flat=True))
    if site.is_by_label:
        builds = Build.objects.filter(repository__in=site.image_repositories)
        return frozenset(builds.values_list("sha", flat=True))
    return None


def _ahead(commits: Sequence[Commit], *, running: str, head: str) -> Iterator[Choice]:
    for each in commits:
        shipped = on_the_way(commits, base=running, sha=each.sha) if each.sha != head else None
        if shipped:
            yield Choice(each, True, len(shipped), skipped=len(commits) - len(shipped))


def _behind(site: Site, *, running: str) -> Iterator[Choice]:
    ranges = CommitRange.objects.filter(owner=site.owner, repository=site.repository, head=running)
    found = ranges.order_by("-pk").first() if running else None
    if found is None:
        return
    commits = commits_of(found)
    parents = {each.sha: each.parents for each in commits}
    for each in commits:
        if each.sha != running and each.parents:
            yield Choice(each, False, len(commits) - len(contained_in(parents, each.sha)))
