"""What every page shows: whether the sync can be trusted, and what is on hold."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, Subquery
from django_q.models import Schedule

from deployments.facts import StandingHold, stale_after
from deployments.models import DeployBatch, GitHubPause, Hold, SyncRun
from deployments.queries.change_token import all_row_versions, read_row_versions
from deployments.rules.times import in_zone

SYNC_SCHEDULE = "sync"
LONGEST_SYNC = timedelta(minutes=10)
GOOD_ENOUGH = (SyncRun.Result.GOOD, SyncRun.Result.WITH_PROBLEMS)


@dataclass(frozen=True)
class SystemStatus:
    """What every page's header shows: whether the sync can be trusted, and whether everything is paused."""

    last_good_sync_at: datetime | None
    sync_is_running: bool
    sync_interval: timedelta
    sync_is_overdue: bool
    github_rests_until: datetime | None
    """When GitHub answers again; None while it does."""
    running_batch_id: int | None
    """An active batch of Deploys."""
    holds: tuple[StandingHold, ...] = field(repr=False)
    """Every standing Hold: on everything, on sites, on commits."""
    row_versions: str = field(repr=False)
    """How all rows behind the pages were when this was read, for the pulse: read it before the rows that a page shows."""

    @property
    def hold_on_everything(self) -> StandingHold | None:
        return next((hold for hold in self.holds if hold.site_id is None), None)


def system_status(*, now: datetime) -> SystemStatus:
    """Always runs one SQL query: for what every page's header shows, and the Holds that every answer needs.

    The Holds' times are shown in the time zone of `now`.
    """
    runs = SyncRun.objects.filter(is_full=True)
    schedule = (
        Schedule.objects.filter(name=SYNC_SCHEDULE)
        .annotate(
            last_good=Subquery(runs.filter(result__in=GOOD_ENOUGH).values("finished_at")[:1]),
            is_syncing=Exists(runs.filter(result=SyncRun.Result.RUNNING, started_at__gt=now - LONGEST_SYNC)),
            github_rests_until=Subquery(
                GitHubPause.objects.filter(until__gt=now).order_by("-until").values("until")[:1]
            ),
            running_batch=Subquery(
                DeployBatch.objects.filter(state=DeployBatch.State.RUNNING).values("pk")[:1]
            ),
            row_versions=all_row_versions(now=now),
            standing=ArraySubquery(Hold.objects.standing(now=now).values(json=StandingHold.AS_JSON)),
        )
        .first()
    )
    if schedule is None:
        rows = read_row_versions(now=now)
        held = _in_zone(StandingHold.all(now=now), now)
        return SystemStatus(
            None,
            False,
            timedelta(hours=1),
            sync_is_overdue=True,
            github_rests_until=None,
            running_batch_id=None,
            holds=held,
            row_versions=rows,
        )
    interval = timedelta(minutes=schedule.minutes)
    return SystemStatus(
        last_good_sync_at=schedule.last_good,
        sync_is_running=schedule.is_syncing,
        sync_interval=interval,
        sync_is_overdue=schedule.last_good is None or now - schedule.last_good > stale_after(interval),
        github_rests_until=schedule.github_rests_until,
        running_batch_id=schedule.running_batch,
        holds=_in_zone((StandingHold.from_json(each) for each in schedule.standing), now),
        row_versions=schedule.row_versions,
    )


def _in_zone(holds: Iterable[StandingHold], now: datetime) -> tuple[StandingHold, ...]:
    zone = now.tzinfo
    return tuple(replace(hold, until=in_zone(hold.until, zone)) if hold.until else hold for hold in holds)
