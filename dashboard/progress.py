"""A Deploy's way as the steps that a person watches."""

from dataclasses import dataclass
from enum import StrEnum

from deployments.models import Deploy, Status

PODS_DRAWN_AT_MOST = 12
_ON_THE_WAY = (Status.QUEUED, Status.ROLLING_OUT, Status.VERIFYING, Status.SUCCEEDED)
_WORDS = {
    Status.WAITING: "Waiting",
    Status.QUEUED: "Queued",
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


def steps_of(deploy: Deploy) -> tuple[Step, ...]:
    """Return the steps from the wish to success, each with how it stands; one of them is where the Deploy is or ended."""
    reached = _reached(deploy)
    way = (Status.WAITING, *_ON_THE_WAY) if reached == Status.WAITING else _ON_THE_WAY
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


def pods_of(deploy: Deploy) -> tuple[str, ...]:
    """Return one word for each pod that is wanted, "ready", "starting" or "old"; none where they are too many to draw."""
    if deploy.wanted > PODS_DRAWN_AT_MOST:
        return ()
    ready = min(deploy.ready, deploy.wanted)
    starting = max(0, min(deploy.updated, deploy.wanted) - ready)
    return ("ready",) * ready + ("starting",) * starting + ("old",) * (deploy.wanted - ready - starting)


def _reached(deploy: Deploy) -> Status:
    """Return how far it came: an end does not tell, the times that were written on the way do."""
    if deploy.is_active or deploy.status == Status.SUCCEEDED:
        return Status(deploy.status)
    if deploy.verifying_since:
        return Status.VERIFYING
    if deploy.patched_at:
        return Status.ROLLING_OUT
    return Status.QUEUED if deploy.queued_at else Status.WAITING
