"""What pages and commands read: frozen rows, in a number of statements that does not grow with the sites."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, QuerySet, Subquery
from django_q.models import Schedule

from deployments.facts import StandingHold, site_facts, stale_after
from deployments.models import CommitRange, Deploy, Hold, Observation, Site, SyncRun
from deployments.rules.site_state import Answer, State, answer_for
from deployments.timeline import Line, expected_duration, timeline

SYNC_SCHEDULE = "sync"
LONGEST_SYNC = timedelta(minutes=10)
HISTORY_LENGTH = 20
ACTIVITY_LENGTH = 50
GOOD_ENOUGH = (SyncRun.Result.GOOD, SyncRun.Result.TROUBLED)


@dataclass(frozen=True)
class House:
    """What every page's header tells: whether the sync can be trusted, and whether everything is held."""

    last_good_sync_at: datetime | None
    sync_is_running: bool
    sync_interval: timedelta
    sync_is_overdue: bool
    holds: tuple[StandingHold, ...] = field(repr=False)
    """Every standing Hold: on everything, on sites, on commits."""

    @property
    def hold_on_everything(self) -> StandingHold | None:
        return next((hold for hold in self.holds if hold.site_id is None), None)


@dataclass(frozen=True)
class Commit:
    sha: str
    headline: str
    author: str
    committed_at: datetime | None
    url: str = ""

    @property
    def short(self) -> str:
        return self.sha[:7]


@dataclass(frozen=True)
class SiteRow:
    """One site, one answer."""

    site: Site
    seen: Observation
    """What was last observed; empty where nothing was yet."""
    answer: Answer
    head: Commit | None
    latest_deploy: Deploy | None

    @property
    def host(self) -> str:
        return self.site.host

    @property
    def slug(self) -> str:
        return f"{self.site.owner}/{self.site.repository}"

    @property
    def running_sha(self) -> str:
        return self.seen.running_sha

    @property
    def haystack(self) -> str:
        """What a search looks through."""
        return f"{self.host} {self.slug} {self.site.namespace}/{self.site.deployment}".casefold()

    @property
    def observed_at(self) -> datetime | None:
        """The older of GitHub's and the cluster's last good answers; None while either is missing."""
        times = (self.seen.github_observed_at, self.seen.cluster_observed_at)
        return min((each for each in times if each), default=None) if all(times) else None


@dataclass(frozen=True)
class SiteList:
    rows: tuple[SiteRow, ...]
    """The rows that match, those who need you first."""
    counts: dict[str, int]
    """Number of sites in each state, whatever the filter; only states that occur."""
    total: int
    house: House


@dataclass(frozen=True)
class SitePage:
    row: SiteRow
    commits: tuple[Commit, ...] | None
    """What would ship, newest first; None while it has not been fetched."""
    commits_total: int
    history: tuple[Deploy, ...]
    holds: tuple[StandingHold, ...]
    """Standing Holds that stop this site: on everything, on it, or on one of its commits."""
    house: House


@dataclass(frozen=True)
class DeployPage:
    deploy: Deploy
    """With its site."""
    row: SiteRow
    commits: tuple[Commit, ...] | None
    commits_total: int
    lines: tuple[Line, ...]
    """What happened, the newest last."""
    expected: timedelta | None
    """How long such a Deploy takes; None where nothing is known, or it has ended."""
    house: House


@dataclass(frozen=True)
class Activity:
    deploys: tuple[Deploy, ...]
    runs: tuple[SyncRun, ...]
    house: House


def house(*, now: datetime) -> House:
    """One statement, whatever there is: what every page's header shows, and the Holds that every answer needs."""
    runs = SyncRun.objects.filter(is_full=True)
    schedule = (
        Schedule.objects.filter(name=SYNC_SCHEDULE)
        .annotate(
            last_good=Subquery(runs.filter(result__in=GOOD_ENOUGH).values("finished_at")[:1]),
            is_syncing=Exists(runs.filter(result=SyncRun.Result.RUNNING, started_at__gt=now - LONGEST_SYNC)),
            standing=ArraySubquery(Hold.objects.standing(now=now).values(json=StandingHold.AS_JSON)),
        )
        .first()
    )
    if schedule is None:
        return House(None, False, timedelta(hours=1), sync_is_overdue=True, holds=StandingHold.all(now=now))
    interval = timedelta(minutes=schedule.minutes)
    return House(
        last_good_sync_at=schedule.last_good,
        sync_is_running=schedule.is_syncing,
        sync_interval=interval,
        sync_is_overdue=schedule.last_good is None or now - schedule.last_good > stale_after(interval),
        holds=tuple(StandingHold.from_json(each) for each in schedule.standing),
    )


def site_list(*, now: datetime, search: str = "", state: str = "") -> SiteList:
    """Every site whose host, repository or Deployment contains `search` and whose state is `state` (empty: any).

    Two statements.
    """
    around = house(now=now)
    rows = [_row(site, around, now=now) for site in _sites()]
    counts = Counter(row.answer.state.value for row in rows)
    wanted = search.casefold().split()
    matching = [
        row
        for row in rows
        if (not state or row.answer.state == state) and all(word in row.haystack for word in wanted)
    ]
    matching.sort(key=lambda row: (row.answer.rank, row.host))
    return SiteList(
        tuple(matching), {each.value: counts[each] for each in State if counts[each]}, len(rows), around
    )


def rows_of(sites: QuerySet[Site], *, now: datetime) -> list[SiteRow]:
    """Return the rows of some sites, in their order. Two statements."""
    around = house(now=now)
    return [_row(site, around, now=now) for site in sites.select_related("observation__latest_deploy")]


def site_page(*, host: str, now: datetime) -> SitePage:
    """Raise Site.DoesNotExist where there is no such site. Four statements."""
    around = house(now=now)
    site = _sites().get(host=host)
    row = _row(site, around, now=now)
    commits, total = _commits(site, base=row.running_sha, head=row.seen.head_sha)
    return SitePage(
        row=row,
        commits=commits,
        commits_total=total,
        history=tuple(site.deploys.all()[:HISTORY_LENGTH]),
        holds=tuple(hold for hold in around.holds if hold.site_id in (None, site.pk)),
        house=around,
    )


def deploy_page(*, pk: int, now: datetime) -> DeployPage:
    """Raise Deploy.DoesNotExist where there is none. Six statements, five once it has ended."""
    around = house(now=now)
    deploy = Deploy.objects.get(pk=pk)
    site = _sites().get(pk=deploy.site_id)
    deploy.site = site
    commits, total = _commits(site, base=deploy.from_sha, head=deploy.sha)
    expected = expected_duration(site_id=site.pk) if deploy.is_active else None
    row = _row(site, around, now=now)
    return DeployPage(deploy, row, commits, total, timeline(deploy), expected, around)


def activity(*, now: datetime) -> Activity:
    """The newest Deploys and syncs. Three statements."""
    deploys = Deploy.objects.select_related("site")[:ACTIVITY_LENGTH]
    return Activity(
        tuple(deploys), tuple(SyncRun.objects.defer("decisions")[:ACTIVITY_LENGTH]), house(now=now)
    )


def _sites() -> QuerySet[Site]:
    return Site.objects.select_related("observation__latest_deploy")


def _row(site: Site, around: House, *, now: datetime) -> SiteRow:
    seen: Observation = getattr(site, "observation", None) or Observation(site=site)
    facts = site_facts(site, holds=around.holds)
    head = (
        Commit(seen.head_sha, seen.head_headline, seen.head_author, seen.head_committed_at)
        if seen.head_sha
        else None
    )
    return SiteRow(
        site=site,
        seen=seen,
        answer=answer_for(facts, now=now, stale_after=stale_after(around.sync_interval)),
        head=head,
        latest_deploy=seen.latest_deploy,
    )


def _commits(site: Site, *, base: str, head: str) -> tuple[tuple[Commit, ...] | None, int]:
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
            datetime.fromisoformat(each["committed_at"]),
            each["url"],
        )
        for each in found.commits
    )
    return tuple(commits), found.total
