"""The commits that a Deploy ships."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, ExpressionWrapper, Q

from deployments.models import CommitRange, Site
from deployments.rules.commit_graph import contained_in
from deployments.rules.links import https_link
from deployments.rules.times import parse_time
from deployments.rules.wording import short


@dataclass(frozen=True)
class Commit:
    sha: str
    headline: str
    author: str = ""
    committed_at: datetime | None = None
    url: str = ""
    parents: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        return short(self.sha)


@dataclass(frozen=True)
class CommitsBetween:
    """Those that come after one commit, up to another."""

    commits: tuple[Commit, ...] | None
    """Newest first; None while they have not been fetched."""
    total: int
    """Their true number."""
    base_headline: str = ""
    """Of the commit that they come after, as far as it is known."""


def commits_between(site: Site, *, base: str, head: str) -> CommitsBetween:
    """Return what is known of them. Runs at most one SQL query.

    Where another head was compared with `base`, and `head` lies on the way to it, they are taken from there.
    """
    if not base or not head or base == head:
        return CommitsBetween((), 0)
    ranges = CommitRange.objects.filter(owner=site.owner, repository=site.repository, base=base)
    itself = ExpressionWrapper(Q(head=head), output_field=BooleanField())
    around = ranges.filter(Q(head=head) | Q(commits__contains=[{"sha": head}]))
    found = around.order_by(itself.desc(), "-pk").first()
    if found is None:
        return CommitsBetween(None, 0)
    commits = commits_of(found)
    if found.head == head:
        return CommitsBetween(commits, found.total, found.base_headline)
    shipped = on_the_way(commits, base=base, sha=head)
    return CommitsBetween(shipped, len(shipped or ()), found.base_headline)


def commits_of(found: CommitRange) -> tuple[Commit, ...]:
    """The commits of a range, newest first."""
    return tuple(
        Commit(
            each["sha"],
            each["headline"],
            each["author"],
            parse_time(each["committed_at"]),
            https_link(each["url"]),
            tuple(each.get("parents") or ()),
        )
        for each in found.commits
    )


def on_the_way(commits: Sequence[Commit], *, base: str, sha: str) -> tuple[Commit, ...] | None:
    """Those that a Deploy of `sha` would ship where `base` runs; None where `sha` is not known to come after `base`."""
    parents = {each.sha: each.parents for each in commits}
    contained = contained_in(parents, sha)
    if not any(base in parents[each] for each in contained):
        return None
    return tuple(each for each in commits if each.sha in contained)
