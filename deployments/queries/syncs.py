"""One sync, and its result for each site."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from deployments.models import SyncRun
from deployments.queries.system_status import SystemStatus, system_status
from deployments.rules.site_state import State


class Kind(StrEnum):
    """What a sync made of a site."""

    DEPLOYED = "deployed"
    HELD_BACK = "held-back"
    HAS_PROBLEM = "in-trouble"
    CURRENT = "current"


@dataclass(frozen=True)
class SiteDecision:
    name: str
    kind: Kind
    state: State
    reason: str
    """Why it was deployed or not, in the sync's words."""
    problem: str
    """What kept it from being checked; empty where nothing did."""


@dataclass(frozen=True)
class SyncPage:
    run: SyncRun
    decisions: tuple[SiteDecision, ...]
    """Those of the wanted kind, by name."""
    counts: dict[Kind, int]
    """Of every kind that occurs, whatever is wanted."""
    system_status: SystemStatus

    @property
    def duration(self) -> timedelta | None:
        return self.run.finished_at - self.run.started_at if self.run.finished_at else None


def sync_page(*, pk: int, kind: str = "", now: datetime) -> SyncPage:
    """Raise SyncRun.DoesNotExist where there is none, or no more. `kind` narrows; empty: every site. Runs two SQL queries."""
    run = SyncRun.objects.get(pk=pk)
    decisions = [_decision(name, *values) for name, values in sorted(run.decisions.items())]
    counts = Counter(each.kind for each in decisions)
    return SyncPage(
        run=run,
        decisions=tuple(each for each in decisions if not kind or each.kind == kind),
        counts={each: counts[each] for each in Kind if counts[each]},
        system_status=system_status(now=now),
    )


def _decision(name: str, verdict: str, reason: str, state: str, problem: str) -> SiteDecision:
    seen = State(state)
    if verdict == "go":
        kind = Kind.DEPLOYED
    elif problem or seen.is_broken:
        kind = Kind.HAS_PROBLEM
    else:
        kind = Kind.CURRENT if seen is State.CURRENT else Kind.HELD_BACK
    return SiteDecision(name, kind, seen, reason, problem)
