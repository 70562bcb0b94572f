"""One Deploy, and what was done lately."""

from dataclasses import dataclass
from datetime import datetime

from deployments.models import Deploy, Hold, SyncRun
from deployments.queries.commits import Commit, commits_between
from deployments.queries.house import House, house
from deployments.queries.sites import SiteRow, all_sites, row_of

ACTIVITY_LENGTH = 50


@dataclass(frozen=True)
class DeployPage:
    deploy: Deploy
    """With its site."""
    row: SiteRow
    commits: tuple[Commit, ...] | None
    commits_total: int
    house: House


@dataclass(frozen=True)
class Activity:
    deploys: tuple[Deploy, ...]
    runs: tuple[SyncRun, ...]
    holds: tuple[Hold, ...]
    """Standing ones and past ones, newest first, with their sites."""
    house: House


def deploy_page(*, pk: int, now: datetime) -> DeployPage:
    """Raise Deploy.DoesNotExist where there is none. Four statements."""
    around = house(now=now)
    deploy = Deploy.objects.get(pk=pk)
    site = all_sites().get(pk=deploy.site_id)
    deploy.site = site
    commits, total = commits_between(site, base=deploy.from_sha, head=deploy.sha)
    return DeployPage(deploy, row_of(site, around, now=now), commits, total, around)


def activity(*, now: datetime) -> Activity:
    """The newest Deploys, syncs and Holds. Four statements."""
    deploys = Deploy.objects.select_related("site")[:ACTIVITY_LENGTH]
    runs = SyncRun.objects.defer("decisions")[:ACTIVITY_LENGTH]
    holds = Hold.objects.select_related("site")[:ACTIVITY_LENGTH]
    return Activity(tuple(deploys), tuple(runs), tuple(holds), house(now=now))
