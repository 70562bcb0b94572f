"""What was deployed to a site within 90 days, as numbers and as a small chart."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median

from deployments.rules.wording import duration

DAYS = 90
_DAY = timedelta(days=1)
DAY_WIDTH, BASELINE, STEP, MOST_SHOWN = 4, 24, 5, 4


class Outcome(StrEnum):
    """How it ended, as far as the picture distinguishes."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ROLLED_BACK = "rolled back"


@dataclass(frozen=True, kw_only=True)
class PastDeploy:
    """One Deploy that has ended."""

    outcome: Outcome
    at: datetime
    took: timedelta | None = None
    """From patch to success; None where it did not succeed, or is not a usual Deploy."""
    lead: timedelta | None = None
    """From commit to running; None where that is not known."""


@dataclass(frozen=True, kw_only=True)
class Past:
    """`paths` are SVG path data, one for each outcome that occurred: a stroke for each Deploy, a column for each day."""

    summary: str
    typical: str
    """How long a Deploy usually takes; empty where none has succeeded."""
    lead: str
    """How long a commit usually takes from its making until it runs; empty where that is not known."""
    paths: dict[str, str]

    @property
    def width(self) -> int:
        return DAYS * DAY_WIDTH

    @property
    def baseline(self) -> int:
        return BASELINE


def past(deploys: Iterable[PastDeploy], *, now: datetime) -> Past:
    """Add up what ended within the last 90 days."""
    within = [each for each in deploys if timedelta(0) <= now - each.at < DAYS * _DAY]
    counts = Counter(each.outcome for each in within)
    return Past(
        summary=_summary(counts),
        typical=_usual([each.took for each in within]),
        lead=_usual([each.lead for each in within]),
        paths={
            outcome.name.lower(): _path(outcome, within, now=now) for outcome in Outcome if counts[outcome]
        },
    )


def _summary(counts: Counter[Outcome]) -> str:
    if not counts.total():
        return f"No deploys in the last {DAYS} days."
    deploys = "1 deploy" if counts.total() == 1 else f"{counts.total()} deploys"
    ends = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    return f"{deploys} in the last {DAYS} days: {ends}."


def _usual(spans: Sequence[timedelta | None]) -> str:
    seconds = [each.total_seconds() for each in spans if each is not None and each >= timedelta(0)]
    return duration(timedelta(seconds=median(seconds))) if seconds else ""


def _path(outcome: Outcome, deploys: Sequence[PastDeploy], *, now: datetime) -> str:
    """Successes are above the line, failures below it, and a rollback is a short bar below: shape carries the meaning as well as colour."""
    days = Counter((now - each.at) // _DAY for each in deploys if each.outcome is outcome)
    return "".join(
        _stroke(outcome, DAYS - 1 - day, min(count, MOST_SHOWN)) for day, count in sorted(days.items())
    )


def _stroke(outcome: Outcome, column: int, count: int) -> str:
    middle = column * DAY_WIDTH + DAY_WIDTH // 2
    match outcome:
        case Outcome.SUCCEEDED:
            return f"M{middle} {BASELINE - 1}v-{count * STEP}"
        case Outcome.FAILED:
            return f"M{middle} {BASELINE + 1}v{count * STEP}"
    return f"M{middle - 3} {BASELINE + 4 * STEP + 3}h6"
