"""A site whose image was set outside Headway."""

from dataclasses import dataclass
from datetime import datetime

from deployments.facts import site_facts
from deployments.models import Site, Status
from deployments.queries.sites import SiteRow, all_sites, row_of
from deployments.queries.system_status import SystemStatus, system_status
from deployments.rules.site_facts import SiteFacts
from deployments.rules.wording import short


@dataclass(frozen=True, kw_only=True)
class WayRight:
    """A commit that could replace an image set outside Headway."""

    sha: str
    message: str

    @property
    def short(self) -> str:
        return short(self.sha)


@dataclass(frozen=True, kw_only=True)
class DriftPage:
    row: SiteRow
    facts: SiteFacts
    is_foreign: bool
    """The image is not of this site's image repository: it can be replaced, never adopted."""
    ways: tuple[WayRight, ...]
    system_status: SystemStatus

    @property
    def is_drifted(self) -> bool:
        return self.is_foreign or self.facts.is_set_by_another


def drift_page(*, name: str, now: datetime) -> DriftPage:
    """Raise Site.DoesNotExist where there is no such site. Runs three SQL queries."""
    status = system_status(now=now)
    site = all_sites().get(name=name)
    row = row_of(site, status, now=now)
    facts = site_facts(site, holds=status.holds)
    return DriftPage(
        row=row,
        facts=facts,
        is_foreign=bool(facts.meant_image) and not site.owns(facts.meant_image),
        ways=tuple(_ways(site, row)),
        system_status=status,
    )


def _ways(site: Site, row: SiteRow) -> list[WayRight]:
    seen = row.seen
    last = site.deploys.filter(status=Status.SUCCEEDED).exclude(sha=seen.desired_sha).first()
    ways = []
    if last:
        message = (
            f"{last.headline} — the last that succeeded here"
            if last.headline
            else "the last that succeeded here"
        )
        ways.append(WayRight(sha=last.sha, message=message))
    if row.head and row.head.sha not in {seen.desired_sha, last.sha if last else ""}:
        ways.append(WayRight(sha=row.head.sha, message=f"{row.head.headline} — the newest"))
    return ways
