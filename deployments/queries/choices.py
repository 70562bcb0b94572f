"""Which other commits of a site's branch may be deployed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from deployments.models import CommitRange, PublishedVersion, Site
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
    """Those of `commits`, which lie between what runs and the head, and those known to lie before what runs. Runs at most one SQL query, by release two."""
    if site.is_by_release:
        # What was never published has no image.
        versions = PublishedVersion.objects.filter(owner=site.owner, repository=site.repository)
        published = set(versions.values_list("sha", flat=True))
        every = (*_ahead(commits, running=running, head=head), *_behind(site, running=running))
        return tuple(islice((each for each in every if each.commit.sha in published), SHOWN))
    ahead = islice(_ahead(commits, running=running, head=head), SHOWN)
    return (*ahead, *islice(_behind(site, running=running), SHOWN))


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
