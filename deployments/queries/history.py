"""One Deploy, and recent activity."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, F, JSONField, When

from deployments.models import Deploy, DeployStep, Hold, SyncRun
from deployments.queries.commits import Commit, commits_between
from deployments.queries.sites import SiteRow, all_sites, row_of
from deployments.queries.system_status import SystemStatus, system_status
from deployments.queries.timeline import Line, expected_duration, timeline

ACTIVITY_LENGTH = 50


@dataclass(frozen=True)
class DeployPage:
    deploy: Deploy
    """With its site."""
    steps: tuple[DeployStep, ...]
    """What it does to each workload, in that order; none before a worker has begun."""
    row: SiteRow
    commits: tuple[Commit, ...] | None
    commits_total: int
    lines: tuple[Line, ...]
    """What happened, the newest last."""
    expected: timedelta | None
    """How long such a Deploy takes; None where nothing is known, or it has ended."""
    system_status: SystemStatus


@dataclass(frozen=True)
class Sync:
    run: SyncRun
    names: tuple[str, ...]
    """The sites that it checked, where those were only a few."""

    @property
    def found_nothing(self) -> bool:
        """It ended well, and nothing had changed since the one before."""
        is_good = self.run.result == SyncRun.Result.GOOD
        return is_good and not (self.run.changed or self.run.requested)


@dataclass(frozen=True)
class Activity:
    deploys: tuple[Deploy, ...]
    syncs: tuple[Sync, ...]
    holds: tuple[Hold, ...]
    """Standing ones and past ones, newest first, with their sites."""
    system_status: SystemStatus


def deploy_page(*, pk: int, now: datetime) -> DeployPage:
    """Raise Deploy.DoesNotExist where there is none. Runs seven SQL queries, six once it has ended."""
    status = system_status(now=now)
    deploy = Deploy.objects.get(pk=pk)
    site = all_sites().get(pk=deploy.site_id)
    deploy.site = site
    steps = tuple(deploy.steps.all())
    for step in steps:
        step.deploy = deploy
    shipped = commits_between(site, base=deploy.from_sha, head=deploy.sha)
    expected = expected_duration(site_id=site.pk) if deploy.is_active else None
    row = row_of(site, status, now=now)
    return DeployPage(deploy, steps, row, shipped.commits, shipped.total, timeline(deploy), expected, status)


def activity(*, now: datetime) -> Activity:
    """The newest Deploys, syncs and Holds. Runs four SQL queries."""
    status = system_status(now=now)
    deploys = Deploy.objects.select_related("site")[:ACTIVITY_LENGTH]
    few = Case(When(is_full=False, then=F("decisions")), default=None, output_field=JSONField())
    runs = SyncRun.objects.defer("decisions").annotate(few=few)[:ACTIVITY_LENGTH]
    syncs = tuple(Sync(run, tuple(sorted(run.few or ()))) for run in runs)
    holds = Hold.objects.select_related("site")[:ACTIVITY_LENGTH]
    return Activity(tuple(deploys), syncs, tuple(holds), status)
