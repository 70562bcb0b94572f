"""What pages and commands read: frozen rows, with a constant number of SQL statements."""

from deployments.queries.audit import AuditPage, audit_page
from deployments.queries.batches import (
    BatchPage,
    BatchPlan,
    batch_page,
    batch_plan,
    count_ready,
)
from deployments.queries.change_token import change_token, read_row_versions
from deployments.queries.commits import Commit, on_the_way
from deployments.queries.deletion import Lost, lost_with
from deployments.queries.drift import DriftPage, drift_page
from deployments.queries.history import Activity, DeployPage, activity, deploy_page
from deployments.queries.hooks import DoorReport, door_reports, hook_tokens
from deployments.queries.pods import LogPage, PodsShown, log_page
from deployments.queries.rollbacks import RollbackTarget, rollback_targets
from deployments.queries.site_list import SiteList, site_list
from deployments.queries.sites import SitePage, SiteRow, answers_of, rows_of, site_page
from deployments.queries.syncs import Kind, SyncPage, sync_page
from deployments.queries.system_status import GOOD_ENOUGH, SYNC_SCHEDULE, SystemStatus, system_status

__all__ = [
    "GOOD_ENOUGH",
    "SYNC_SCHEDULE",
    "Activity",
    "AuditPage",
    "BatchPage",
    "BatchPlan",
    "Commit",
    "DeployPage",
    "DoorReport",
    "DriftPage",
    "Kind",
    "LogPage",
    "Lost",
    "PodsShown",
    "RollbackTarget",
    "SiteList",
    "SitePage",
    "SiteRow",
    "SyncPage",
    "SystemStatus",
    "activity",
    "answers_of",
    "audit_page",
    "batch_page",
    "batch_plan",
    "change_token",
    "count_ready",
    "deploy_page",
    "door_reports",
    "drift_page",
    "hook_tokens",
    "log_page",
    "lost_with",
    "on_the_way",
    "read_row_versions",
    "rollback_targets",
    "rows_of",
    "site_list",
    "site_page",
    "sync_page",
    "system_status",
]
