"""The commits that a Deploy ships."""

from dataclasses import dataclass
from datetime import datetime

from deployments.models import CommitRange, Site
from deployments.rules.links import https_link
from deployments.rules.times import parse_time
from deployments.rules.wording import short


@dataclass(frozen=True)
class Commit:
    sha: str
    headline: str
    author: str
    committed_at: datetime | None
    url: str = ""

    @property
    def short(self) -> str:
        return short(self.sha)


def commits_between(site: Site, *, base: str, head: str) -> tuple[tuple[Commit, ...] | None, int]:
    """Return them newest first, None while they have not been fetched, with their true number. At most one statement."""
    if not base or not head or base == head:
        return (), 0
    found = CommitRange.objects.filter(
        owner=site.owner, repository=site.repository, base=base, head=head
    ).first()
    if found is None:
        return None, 0
    commits = (
        Commit(
            each["sha"],
            each["headline"],
            each["author"],
            parse_time(each["committed_at"]),
            https_link(each["url"]),
        )
        for each in found.commits
    )
    return tuple(commits), found.total
