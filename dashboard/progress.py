"""A Deploy's progress as the steps that a person watches, the time it has taken, and what happened when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from deployments.models import Deploy, EventKind, Status
from deployments.queries.timeline import Line
from deployments.rules.wording import duration

PODS_DRAWN_AT_MOST = 12
FULLEST_PERCENT = 95
BAR_STEP_PERCENT = 5
_ON_THE_WAY = (Status.QUEUED, Status.ROLLING_OUT, Status.VERIFYING, Status.SUCCEEDED)
_WORDS = {
    Status.WAITING: "Waiting",
    Status.QUEUED: "Queued",
    Status.RELEASING: "Release job",
    Status.ROLLING_OUT: "Rolling out",
    Status.VERIFYING: "Verifying",
    Status.SUCCEEDED: "Succeeded",
}


class Mark(StrEnum):
    DONE = "done"
    NOW = "now"
    STOPPED = "stopped"
    TODO = "todo"


@dataclass(frozen=True)
class Step:
    word: str
    mark: Mark
    shows_pods: bool = False


@dataclass(frozen=True)
class Bar:
    """How much of the usual time has passed; `percent` None where nothing is known to compare with."""

    words: str
    percent: int | None


@dataclass(frozen=True)
class TimelineEntry:
    """A line of the timeline, and how long after the request it was."""

    at: datetime
    after: str
    kind: EventKind
    message: str


def bar_of(deploy: Deploy, expected: timedelta | None, *, now: datetime) -> Bar | None:
    """Return the bar of a rollout on its way: it is never full, since only the end itself is the end."""
    if not deploy.is_active or deploy.patched_at is None:
        return None
    if expected is None:
        return Bar("No earlier deploys to estimate from.", None)
    passed, usual = now - deploy.patched_at, duration(expected)
    if passed > expected:
        return Bar(f"Longer than usual (usually {usual}).", FULLEST_PERCENT)
    part = int(100 * passed / expected) if expected else FULLEST_PERCENT
    # In steps, so that the page is not sent again for each of them.
    percent = min(FULLEST_PERCENT, max(0, part - part % BAR_STEP_PERCENT))
    left = duration(expected * (100 - percent) / 100)
    return Bar(f"About {left} left (usually {usual}).", percent)


def timeline_of(deploy: Deploy, lines: Iterable[Line]) -> tuple[TimelineEntry, ...]:
    """Return the timeline with the time since the request."""
    return tuple(
        TimelineEntry(line.at, _clock(line.at - deploy.requested_at), line.kind, line.message)
        for line in lines
    )


def _clock(passed: timedelta) -> str:
    """`0:07`, `12:40`, `1:02:03`."""
    minutes, seconds = divmod(max(0, int(passed.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def steps_of(deploy: Deploy) -> tuple[Step, ...]:
    """Return the steps from the request to success, each with its status; one of them is where the Deploy is or ended."""
    reached = _reached(deploy)
    way = _way_of(deploy, reached)
    at = way.index(reached)
    here = Mark.NOW if deploy.is_active else Mark.STOPPED
    if deploy.status == Status.SUCCEEDED:
        here = Mark.DONE
    marks = (Mark.DONE if place < at else here if place == at else Mark.TODO for place in range(len(way)))
    return tuple(
        Step(
            _WORDS[status],
            mark,
            shows_pods=status == Status.ROLLING_OUT and mark is not Mark.TODO and deploy.wanted > 0,
        )
        for status, mark in zip(way, marks, strict=True)
    )


def _way_of(deploy: Deploy, reached: Status) -> tuple[Status, ...]:
    if reached == Status.WAITING:
        return (Status.WAITING, *_ON_THE_WAY)
    return (Status.QUEUED, Status.RELEASING, *_ON_THE_WAY[1:]) if deploy.release_started_at else _ON_THE_WAY


def pods_of(deploy: Deploy) -> tuple[str, ...]:
    """Return one word for each pod that is wanted, "ready", "starting" or "old"; none where they are too many to draw."""
    if deploy.wanted > PODS_DRAWN_AT_MOST:
        return ()
    ready = min(deploy.ready, deploy.wanted)
    starting = max(0, min(deploy.updated, deploy.wanted) - ready)
    return ("ready",) * ready + ("starting",) * starting + ("old",) * (deploy.wanted - ready - starting)


def _reached(deploy: Deploy) -> Status:
    """Return how far it came: an end does not say, the times that were recorded on the way do."""
    if deploy.release_started_at and not deploy.patched_at:
        # Queued once more, it waits for a worker to change the workloads.
        return Status.RELEASING
    if deploy.is_active or deploy.status == Status.SUCCEEDED:
        return Status(deploy.status)
    if deploy.verifying_since:
        return Status.VERIFYING
    if deploy.patched_at:
        return Status.ROLLING_OUT
    return Status.QUEUED if deploy.queued_at else Status.WAITING
