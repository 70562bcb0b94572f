"""Which sites are deployed together, and the status of their batch."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from deployments.models import BatchItem, DeployBatch
from deployments.queries.sites import SiteRow, all_sites, row_of
from deployments.queries.system_status import SystemStatus, system_status
from deployments.rules.site_state import State


@dataclass(frozen=True)
class LeftOut:
    row: SiteRow
    reason: str


@dataclass(frozen=True)
class BatchPlan:
    """What "deploy all ready" would do now."""

    ready: tuple[SiteRow, ...]
    left_out: tuple[LeftOut, ...]
    """Sites that are behind, and why they are not among them."""
    system_status: SystemStatus


@dataclass(frozen=True)
class BatchPage:
    batch: DeployBatch
    items: tuple[BatchItem, ...]
    """In their order, with site and Deploy."""
    system_status: SystemStatus

    @property
    def finished(self) -> int:
        return sum(item.is_done or has_ended(item) for item in self.items)

    @property
    def under_way(self) -> int:
        return sum(item.deploy is not None and item.deploy.is_active for item in self.items)

    @property
    def is_followed(self) -> bool:
        """Whether the page still changes: a batch that was cancelled or stopped leaves active Deploys."""
        return self.batch.is_running or self.under_way > 0


def has_ended(item: BatchItem) -> bool:
    return item.deploy is not None and not item.deploy.is_active


def why_left_out(row: SiteRow) -> str:
    """Return why a site that is behind does not ship with all others; empty where it does."""
    if row.answer.state != State.READY:
        return row.answer.message
    if row.seen.ahead_by:
        return "What runs has commits that are not on the branch. Review it and deploy it on its own."
    if row.site.wait_for_ci and row.target_check_state.is_open:
        return "CI has not finished, and this site waits for it."
    return ""


def count_ready(rows: Iterable[SiteRow]) -> int:
    """Return how many of the sites ship together."""
    return sum(row.answer.state == State.READY and not why_left_out(row) for row in rows)


def batch_plan(*, now: datetime) -> BatchPlan:
    """Runs two SQL queries."""
    status = system_status(now=now)
    rows = [row_of(site, status, now=now) for site in all_sites()]
    behind = [(row, why_left_out(row)) for row in rows if row.answer.state.is_behind]
    return BatchPlan(
        ready=tuple(row for row, reason in behind if not reason),
        left_out=tuple(LeftOut(row, reason) for row, reason in behind if reason),
        system_status=status,
    )


def batch_page(*, pk: int, now: datetime) -> BatchPage:
    """Raise DeployBatch.DoesNotExist where there is none. Runs three SQL queries."""
    batch = DeployBatch.objects.get(pk=pk)
    items = batch.items.select_related("site", "deploy")
    return BatchPage(batch, tuple(items), system_status(now=now))
