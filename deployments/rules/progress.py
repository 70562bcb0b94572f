"""When a rollout last made progress, how long it may go without, and when it times out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from deployments.rules.diagnosis import Diagnosis
from deployments.rules.pods import condition
from deployments.rules.rollouts import Phase, Rollout
from deployments.rules.workloads import Workload, WorkloadKind, stops_before_it_starts

USUAL_DEADLINE_SECONDS = 600
"""What the API server writes where a manifest says nothing: nobody's word."""
_NO_DEADLINE_SECONDS = 86_400
_USUAL_GRACE_SECONDS = 30


@dataclass(frozen=True)
class Progress:
    """The furthest that a rollout has been, in steps, and when it got there."""

    steps: int
    at: datetime


def progress(
    workload: Workload,
    rollout: Rollout,
    *,
    ready: int,
    wanted_before: int,
    before: Progress | None,
    patched_at: datetime,
    now: datetime,
) -> Progress | None:
    """How far the rollout is, with `ready` new pods, where that is further than `before`; else `before`.

    Pods that become ready and fall away again, time and again, are no progress: only a new maximum is. After a change of the
    wanted number it is measured again. What advanced while nobody was following did so when the cluster says.
    """
    if not rollout.is_observed:
        return before
    steps = _steps(rollout, ready=ready)
    if before is None:
        progressing = condition(workload.conditions, "Progressing")
        stated = progressing.updated_at if progressing and progressing.status == "True" else None
        return Progress(steps, max(patched_at, min(now, stated or patched_at)))
    if rollout.wanted != wanted_before:
        return Progress(steps, before.at)
    return Progress(steps, now) if steps > before.steps else before


def deadline_seconds(workload: Workload) -> int:
    """What someone has allowed the Deployment between two steps, where that is more than the usual; else 0."""
    seconds = workload.progress_deadline_seconds or 0
    return seconds if USUAL_DEADLINE_SECONDS < seconds < _NO_DEADLINE_SECONDS else 0


def startup_seconds(workload: Workload) -> int:
    """For how long the most patient startup probe of its pods lets a container start."""
    probes = [
        each.startup_probe for each in (*workload.template.init_containers, *workload.template.containers)
    ]
    return max((each.patience_seconds for each in probes if each), default=0)


def longest_pause(workload: Workload, *, usual: timedelta) -> timedelta:
    """For how long the rollout may make no progress: as usual, or as its manifest allows if that is longer.

    Between two steps, a pod may have to stop first, and to stay ready.
    """
    allowed = max(usual, timedelta(seconds=max(deadline_seconds(workload), _slowest_start_seconds(workload))))
    return allowed + timedelta(seconds=_stopping_seconds(workload) + _settling_seconds(workload))


def _slowest_start_seconds(workload: Workload) -> int:
    """For how long the most patient probes of its pods let a container be unready after its start."""
    probes = [each.readiness_probe for each in workload.template.containers]
    return startup_seconds(workload) + max((each.initial_delay_seconds for each in probes if each), default=0)


def _stopping_seconds(workload: Workload) -> int:
    """How much longer than usual an old pod may take to stop, where a new one has to wait for that."""
    if not stops_before_it_starts(workload):
        return 0
    return min(max(0, workload.template.grace_seconds - _USUAL_GRACE_SECONDS), _NO_DEADLINE_SECONDS)


def _settling_seconds(workload: Workload) -> int:
    """For how long a new pod has to stay ready before the next one's turn; a Deployment's deadline contains it."""
    return 0 if workload.kind == WorkloadKind.DEPLOYMENT else workload.min_ready_seconds


def is_partly_up(rollout: Rollout, *, ready: int, best: Progress | None) -> bool:
    """Whether `ready` new pods are up, and the rollout is as far as it has ever been.

    What keeps the others then may be their node's, and pass: such a rollout has the time that it has since its last progress.
    """
    return ready > 0 and best is not None and _steps(rollout, ready=ready) >= best.steps


def _steps(rollout: Rollout, *, ready: int) -> int:
    return rollout.updated + ready - rollout.old


def has_failed(
    workload: Workload, rollout: Rollout, problem: Diagnosis | None, *, partly_up: bool = False
) -> bool:
    """Whether waiting longer cannot help.

    A passed deadline that someone has set is an end, unless a container still starts within what its own startup probe allows, and that is more.
    The usual one is nobody's word: `ROLLOUT_TIMEOUT_SECONDS` counts then.
    """
    if problem and problem.certain and not partly_up:
        return True
    allowed = workload.progress_deadline_seconds or USUAL_DEADLINE_SECONDS
    is_starting = problem is not None and problem.reason == "startup" and startup_seconds(workload) > allowed
    return rollout.phase is Phase.FAILED and allowed != USUAL_DEADLINE_SECONDS and not is_starting
