"""The list of sites: filtered and ordered as requested."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q, TextField
from django.db.models.functions import Cast

from deployments.models import CommitRange, Observation
from deployments.queries.commits import Commit, commits_of
from deployments.queries.site_order import in_order, known_order
from deployments.queries.sites import SiteRow, all_sites, row_of
from deployments.queries.system_status import SystemStatus, system_status
from deployments.rules.search import finds
from deployments.rules.site_state import State

_MOST_PROBLEMS = 3


@dataclass(frozen=True)
class SiteList:
    rows: tuple[SiteRow, ...]
    """The rows that match, most urgent first."""
    counts: dict[str, int]
    """Number of sites in each state, whatever the filter; only states that occur."""
    tags: dict[str, int]
    """Number of sites with each tag, whatever the filter."""
    order: str
    """What they are sorted by; empty: by urgency."""
    total: int
    all_rows: tuple[SiteRow, ...] = field(repr=False)
    """Every row, whatever the filter."""
    system_status: SystemStatus

    @property
    def problems(self) -> list[tuple[str, int]]:
        """Problems of the last sync that no row shows, with the number of sites, the most frequent first."""
        return Counter(each for row in self.all_rows for each in row.problems).most_common(_MOST_PROBLEMS)


def site_list(
    *,
    now: datetime,
    search: str = "",
    state: str = "",
    tag: str = "",
    order: str = "",
    viewer_id: int | None = None,
) -> SiteList:
    """Every site that `search` finds by its mapping or by a commit to deploy, with this state and this tag (empty: any).

    Runs two SQL queries, three for a search.
    """
    status = system_status(now=now)
    sites = all_sites(viewer_id=viewer_id).defer("observation__outage_log", "observation__outage_pods")
    rows = [row_of(site, status, now=now) for site in sites]
    words = search.casefold().split()
    order = known_order(order)
    found = in_order(_matching(rows, words=words, state=state, tag=tag), order=order, named=words)
    counts = Counter(row.answer.state.value for row in rows if row.was_checked)
    return SiteList(
        rows=tuple(found),
        counts={each.value: counts[each] for each in State if counts[each]},
        tags=dict(sorted(Counter(each for row in rows for each in row.site.tags.split()).items())),
        order=order,
        total=len(rows),
        all_rows=tuple(rows),
        system_status=status,
    )


def _matching(rows: Iterable[SiteRow], *, words: Sequence[str], state: str, tag: str) -> list[SiteRow]:
    commits = _commits_to_deploy(words) if words else {}
    return [
        row
        for row in rows
        if (not state or (row.was_checked and row.answer.state == state))
        and (not tag or tag in row.site.tags.split())
        and _is_found(row, words, commits.get((row.slug, row.running_sha, row.seen.head_sha), ()))
    ]


def _is_found(row: SiteRow, words: Sequence[str], commits: Sequence[Commit]) -> bool:
    text = " ".join((row.haystack, *(f"{each.headline} {each.author}".casefold() for each in commits)))
    shas = (*row.shas, *(each.sha for each in commits))
    return all(finds(word, text=text, shas=shas) for word in words)


def _commits_to_deploy(words: Sequence[str]) -> dict[tuple[str, str, str], tuple[Commit, ...]]:
    """Return, by repository, what runs and what is newest, the commits between them where one of the words occurs. Runs one SQL query."""
    seen = Observation.objects.filter(
        running_sha=OuterRef("base"),
        head_sha=OuterRef("head"),
        site__owner=OuterRef("owner"),
        site__repository=OuterRef("repository"),
    )
    ranges = CommitRange.objects.annotate(text=Cast("commits", TextField())).filter(
        Exists(seen), reduce(or_, (Q(text__icontains=word) for word in words))
    )
    return {
        (f"{each.owner}/{each.repository}", each.base, each.head): commits_of(each)
        for each in ranges.defer("mainline", "reverts")
    }
