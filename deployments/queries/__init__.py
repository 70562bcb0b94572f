"""What pages and commands read: frozen rows, in a number of statements that does not grow with the sites."""

from deployments.queries.commits import Commit
from deployments.queries.history import Activity, DeployPage, activity, deploy_page
from deployments.queries.house import GOOD_ENOUGH, SYNC_SCHEDULE, House, house
from deployments.queries.pulse import pulse
from deployments.queries.sites import SiteList, SitePage, SiteRow, rows_of, site_list, site_page

__all__ = [
    "GOOD_ENOUGH",
    "SYNC_SCHEDULE",
    "Activity",
    "Commit",
    "DeployPage",
    "House",
    "SiteList",
    "SitePage",
    "SiteRow",
    "activity",
    "deploy_page",
    "house",
    "pulse",
    "rows_of",
    "site_list",
    "site_page",
]
