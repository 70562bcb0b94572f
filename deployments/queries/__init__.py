"""What pages and commands read: frozen rows, in a number of statements that does not grow with the sites."""

from deployments.queries.batches import (
    BatchPage,
    BatchPlan,
    batch_page,
    batch_plan,
    count_ready,
)
from deployments.queries.commits import Commit
from deployments.queries.history import Activity, DeployPage, activity, deploy_page
from deployments.queries.house import GOOD_ENOUGH, SYNC_SCHEDULE, House, house
from deployments.queries.pulse import pulse
from deployments.queries.sites import SiteList, SitePage, SiteRow, answers_of, rows_of, site_list, site_page
from deployments.queries.syncs import Kind, SyncPage, sync_page

__all__ = [
    "GOOD_ENOUGH",
    "SYNC_SCHEDULE",
    "Activity",
    "BatchPage",
    "BatchPlan",
    "Commit",
    "DeployPage",
    "House",
    "Kind",
    "SiteList",
    "SitePage",
    "SiteRow",
    "SyncPage",
    "activity",
    "answers_of",
    "batch_page",
    "batch_plan",
    "count_ready",
    "deploy_page",
    "house",
    "pulse",
    "rows_of",
    "site_list",
    "site_page",
    "sync_page",
]
