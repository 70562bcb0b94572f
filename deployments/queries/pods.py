"""What a worker found about a site's pods, and a container's log, when a person requested it."""

from dataclasses import dataclass
from datetime import datetime

from deployments.facts import listed_pods_from_json
from deployments.models import ContainerLog, PodCheck, Site
from deployments.models.pod_check import KEPT_FOR
from deployments.queries.system_status import SystemStatus, system_status
from deployments.rules.pod_list import ListedPod, LogChoice


@dataclass(frozen=True, kw_only=True)
class PodsShown:
    pods: tuple[ListedPod, ...] | None = None
    """None: not known, or not for some minutes."""
    problem: str = ""
    checked_at: datetime | None = None
    is_under_way: bool = False
    is_due: bool = True
    """Whether a page that is opened now should ask."""


@dataclass(frozen=True, kw_only=True)
class LogPage:
    site: Site
    log: ContainerLog
    choices: tuple[LogChoice, ...]
    """The logs that the pod has."""
    system_status: SystemStatus


def pod_check_of(site: Site, *, now: datetime) -> PodsShown:
    """What is kept of the site's pods. Runs no SQL query where the site was read with its `pod_check`."""
    check: PodCheck | None = getattr(site, "pod_check", None)
    if check is None:
        return PodsShown()
    is_under_way = check.is_under_way(now=now)
    if check.checked_at is None or now - check.checked_at >= KEPT_FOR:
        return PodsShown(is_under_way=is_under_way, is_due=not is_under_way)
    return PodsShown(
        pods=listed_pods_from_json(check.pods),
        problem=check.problem,
        checked_at=check.checked_at,
        is_under_way=is_under_way,
        is_due=not is_under_way and now - check.checked_at >= KEPT_FOR / 10,
    )


def log_page(*, pk: int, now: datetime) -> LogPage:
    """Raise ContainerLog.DoesNotExist where it is kept no longer. Runs two SQL queries."""
    status = system_status(now=now)
    log = ContainerLog.objects.select_related("site").get(pk=pk, asked_at__gt=now - KEPT_FOR)
    choices = tuple(LogChoice(**each) for each in log.choices or ())
    return LogPage(site=log.site, log=log, choices=choices, system_status=status)
