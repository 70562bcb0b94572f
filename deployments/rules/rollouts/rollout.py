"""What a judgement contains for any kind of workload, and the checks that every kind starts with."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from deployments.rules.workloads import (
    OUR_MANAGER,
    Workload,
    all_images,
    image_writer,
    is_observed,
    is_same_image,
)


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

    `wanted` is how many new pods it brings without anyone's help: none where they come when the old ones are deleted by hand.
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


Judgement = tuple[Phase, str]
_NOT_OBSERVED = "The cluster accepted the change and has not started it yet."


def with_numbers(workload: Workload, judgement: Judgement, *, wanted: int, by: str = "") -> Rollout:
    """The judgement with the workload's numbers."""
    phase, message = judgement
    numbers = workload.counts
    return Rollout(
        phase=phase,
        message=message,
        wanted=wanted,
        updated=numbers.updated,
        ready=numbers.ready,
        available=numbers.available,
        old=numbers.old,
        by=by,
        is_observed=is_observed(workload),
    )


def before_counting(workload: Workload, images: Mapping[str, str], *, wanted: int) -> Rollout | None:
    """The rollout where its numbers say nothing: another image has been set since, or its controller has not begun. Else None."""
    present = all_images(workload)
    for container, image in images.items():
        found = present.get(container)
        if found is None:
            message = f"The {workload.kind} no longer has a container named “{container}”."
            return with_numbers(workload, (Phase.SUPERSEDED, message), wanted=wanted)
        if not is_same_image(found, image):
            where = f" of “{container}”" if len(images) > 1 else ""
            return _superseded(workload, container, f"image{where} to {found}", wanted=wanted)
    if not is_observed(workload):
        return with_numbers(workload, (Phase.PROGRESSING, _NOT_OBSERVED), wanted=wanted)
    return None


def _superseded(workload: Workload, container: str, what: str, *, wanted: int) -> Rollout:
    writer = image_writer(workload, container=container)
    by = writer.manager if writer else ""
    who = "Another deploy by Headway" if by == OUR_MANAGER else by or "Someone else"
    return with_numbers(
        workload, (Phase.SUPERSEDED, f"{who} has set the {what} since."), wanted=wanted, by=by
    )
