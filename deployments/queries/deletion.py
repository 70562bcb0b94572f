"""What is lost when a mapping is deleted."""

from dataclasses import dataclass
from datetime import datetime

from deployments.models import Deploy, Hold, Site, StarredSite
from deployments.models.deploy_status import ACTIVE_STATUSES
from deployments.rules.targets import format_references


@dataclass(frozen=True, kw_only=True)
class Lost:
    """What people can no longer see or get back."""

    deploys: int
    holds: int
    """On the site or on one of its commits."""
    stars: int
    """How many people have starred it."""
    is_deploying: bool
    workloads: str
    """What continues to run, as people write it."""


def lost_with(site: Site, *, now: datetime) -> Lost:
    """Count it; five statements."""
    deploys = Deploy.objects.filter(site=site)
    return Lost(
        deploys=deploys.count(),
        holds=Hold.objects.standing(now=now).filter(site=site).count(),
        stars=StarredSite.objects.filter(site=site).count(),
        is_deploying=deploys.filter(status__in=ACTIVE_STATUSES).exists(),
        workloads=format_references(site.references),
    )
