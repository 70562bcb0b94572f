"""What a judgement says, whatever kind of workload it is about."""

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """How far a rollout is. All but PROGRESSING and PAUSED are ends."""

    PROGRESSING = "progressing"
    COMPLETE = "complete"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    PAUSED = "paused"


@dataclass(frozen=True)
class Rollout:
    """A judgement, its sentence, and the pods it was judged by.

    `by` is the field manager that changed the image when superseded, empty otherwise or when not recorded.
    """

    phase: Phase
    message: str
    wanted: int
    updated: int
    ready: int
    available: int
    old: int
    by: str = ""
    is_observed: bool = True
    """Whether these numbers are of the present spec; an annotation on a Deployment, too, is a new generation."""
