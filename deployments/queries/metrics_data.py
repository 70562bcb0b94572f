"""What the metrics report from the database: counted each time, so that it does not matter which process is scraped, or how often."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Max, Min
from django_q.conf import Conf
from django_q.models import OrmQ, Task

from deployments.models import ACTIVE_STATUSES, Deploy, Status, SyncRun
from deployments.queries import site_list
from deployments.queue.enqueue import TICK
from deployments.rules.site_state import State

WORKER_IS_SILENT_AFTER = timedelta(seconds=150)
BOUNDS_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)
_BUCKETS = (
    "SELECT width_bucket(seconds, %s) AS bucket, count(*), sum(seconds) FROM ({}) AS each GROUP BY bucket"
)
_DEPLOYS = "SELECT extract(epoch FROM finished_at - requested_at)::float8 AS seconds FROM deployments_deploy WHERE status = 'succeeded'"
_WAITS = "SELECT extract(epoch FROM patched_at - coalesce(queued_at, requested_at))::float8 AS seconds FROM deployments_deploy WHERE patched_at IS NOT NULL"
_SYNCS = "SELECT extract(epoch FROM finished_at - started_at)::float8 AS seconds FROM deployments_syncrun WHERE is_full AND finished_at IS NOT NULL AND result <> 'running'"


@dataclass(frozen=True)
class Durations:
    """How many lay below each bound, as PostgreSQL's width_bucket counts."""

    counts: tuple[int, ...]
    """One for each bound, and one for what lies above the last."""
    total_seconds: float

    def cumulative(self) -> list[tuple[str, float]]:
        """Prometheus' buckets: (upper bound, how many lie at or below it)."""
        sums = [sum(self.counts[: number + 1]) for number in range(len(self.counts))]
        bounds = [*(str(each) for each in BOUNDS_SECONDS), "+Inf"]
        return list(zip(bounds, map(float, sums), strict=True))


@dataclass(frozen=True, kw_only=True)
class MetricsData:
    sites: dict[str, int]
    """Every state, those that do not occur too."""
    sites_needing_attention: int
    deploys: dict[str, int]
    """Every end, those that do not occur too."""
    active_deploys: int
    queue_tasks: int
    queue_age_seconds: float
    sync_interval_seconds: float
    sync_age_seconds: float | None
    worker_silence_seconds: float | None
    """Since a tick last came to its end; None where none ever did."""
    github_remaining: int | None
    deploy_durations: Durations
    deploy_waits: Durations
    sync_durations: Durations


def metrics_data(*, now: datetime) -> MetricsData:
    """Nine statements, whatever there is."""
    found = site_list(now=now)
    statuses = dict(Deploy.objects.order_by().values_list("status").annotate(Count("pk")))
    ends = [each.value for each in Status if each not in ACTIVE_STATUSES]
    # A waiting task's lock is in the past: at the moment when it was queued.
    waiting = OrmQ.objects.filter(key=Conf.PREFIX, lock__lte=now).aggregate(
        number=Count("pk"), first=Min("lock")
    )
    last_run = (
        SyncRun.objects.exclude(github_remaining=None).values_list("github_remaining", flat=True).first()
    )
    return MetricsData(
        sites={each.value: found.counts.get(each.value, 0) for each in State},
        sites_needing_attention=sum(
            row.was_checked and row.answer.state.needs_attention for row in found.all_rows
        ),
        deploys={end: statuses.get(end, 0) for end in ends},
        active_deploys=sum(statuses.get(each, 0) for each in ACTIVE_STATUSES),
        queue_tasks=waiting["number"],
        queue_age_seconds=_age(waiting["first"], now) or 0,
        sync_interval_seconds=found.system_status.sync_interval.total_seconds(),
        sync_age_seconds=_age(found.system_status.last_good_sync_at, now),
        worker_silence_seconds=_age(last_tick(), now),
        github_remaining=last_run,
        deploy_durations=_durations(_DEPLOYS),
        deploy_waits=_durations(_WAITS),
        sync_durations=_durations(_SYNCS),
    )


def last_tick() -> datetime | None:
    """When a worker last did what it does every 30 s (operations/tick.py)."""
    stopped: datetime | None = Task.objects.filter(func=TICK).aggregate(last=Max("stopped"))["last"]
    return stopped


def is_worker_silent(*, now: datetime) -> bool:
    """Whether the last tick is so long ago, or never was, that none seems to run. Runs one SQL query."""
    tick = last_tick()
    return tick is None or now - tick > WORKER_IS_SILENT_AFTER


def _age(moment: datetime | None, now: datetime) -> float | None:
    return max(timedelta(0), now - moment).total_seconds() if moment else None


def _durations(of: str) -> Durations:
    counts = [0] * (len(BOUNDS_SECONDS) + 1)
    total = 0.0
    with connection.cursor() as cursor:
        cursor.execute(_BUCKETS.format(of), [list(BOUNDS_SECONDS)])
        for bucket, number, seconds in cursor.fetchall():
            counts[bucket] = number
            total += seconds or 0
    return Durations(tuple(counts), total)
