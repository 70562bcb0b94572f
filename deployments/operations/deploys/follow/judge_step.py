"""Derive from one workload in the cluster how far its rollout is, and whether that ends the Deploy."""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from deployments.clients.registry import Registry, RegistryError
from deployments.models import Kind
from deployments.operations.deploys.finish import Ending
from deployments.operations.deploys.follow.context import FollowContext
from deployments.operations.deploys.follow.end import is_out_of_time
from deployments.operations.deploys.follow.snapshot import Snapshot
from deployments.rules.diagnosis import (
    Diagnosis,
    RolloutTimes,
    after_asking_the_registry,
    diagnose,
    pulls_under_way,
)
from deployments.rules.images import parse_image
from deployments.rules.new_pods import blocked, ended_pod, late_pod, overdue_pod
from deployments.rules.ours import PUT_BACK, put_back, recorded_at
from deployments.rules.progress import (
    Progress,
    deadline_seconds,
    has_failed,
    is_partly_up,
    longest_pause,
    progress,
)
from deployments.rules.restarts import NO_PODS
from deployments.rules.rollouts import Phase, Rollout, judge_rollout
from deployments.rules.wording import duration, sentences, short, waiting_for
from deployments.rules.workloads import Workload, WorkloadKind, is_same_image, stops_before_it_starts

REGISTRY_WITHIN = timedelta(seconds=30)
ASK_REGISTRY_AGAIN = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class StepJudgement:
    """The status of one step. Where it has an `ending`, that is the whole Deploy's."""

    snapshot: Snapshot
    message: str
    rollout: Rollout | None = None
    """None: the workload is gone."""
    ending: Ending | None = None
    reason: str = ""
    problem: Diagnosis | None = None
    is_ready: bool = False
    """All its new pods are ready."""

    @property
    def wanted(self) -> int:
        return self.rollout.wanted if self.rollout else 0

    @property
    def leaves_old_pods(self) -> bool:
        """Whether it is complete though old pods stay, as below a StatefulSet's partition."""
        return bool(self.is_ready and self.rollout and self.rollout.old)


def judge_step(snapshot: Snapshot, context: FollowContext) -> StepJudgement:
    """Judge one step, and write down how far it is."""
    step, workload = snapshot.step, snapshot.workload
    if workload is None or workload.is_terminating:
        how = "gone from" if workload is None else "being deleted in"
        gone = f"{step.kind} {step.name} is {how} namespace {step.namespace}."
        return StepJudgement(snapshot=snapshot, message=gone, ending=Ending.FAILED, reason="gone")
    if not is_same_image(snapshot.image, step.set_image):
        # A webhook came midway, and has rewritten what was there.
        step.note(applied_image=snapshot.image)
    rollout = judge_rollout(workload, images=snapshot.images)
    if (
        rollout.phase is Phase.COMPLETE
        and step.deploy.kind == Kind.RESTART
        and step.kind == WorkloadKind.CRON_JOB
    ):
        rollout = replace(rollout, message=NO_PODS)
    judgement = _judge(snapshot, workload, rollout, context)
    step.note(message=judgement.message, **_counts(snapshot, workload, rollout))
    return judgement


def _judge(snapshot: Snapshot, workload: Workload, rollout: Rollout, context: FollowContext) -> StepJudgement:
    match rollout.phase:
        case Phase.SUPERSEDED:
            return _superseded(snapshot, workload, rollout)
        case Phase.COMPLETE if snapshot.ready >= rollout.wanted:
            return StepJudgement(snapshot=snapshot, message=rollout.message, rollout=rollout, is_ready=True)
        case Phase.PAUSED:
            # The person who paused it decides when its pods come: nothing waits for that.
            rollout = replace(rollout, wanted=0)
            return StepJudgement(snapshot=snapshot, message=rollout.message, rollout=rollout, is_ready=True)
    # Timeouts count from the step that this check may show.
    snapshot.step.note(**_counts(snapshot, workload, rollout))
    return _wait_or_fail(snapshot, workload, rollout, context)


def _superseded(snapshot: Snapshot, workload: Workload, rollout: Rollout) -> StepJudgement:
    """What puts its own image back does so again: it is named, and auto-deploy stops here."""
    step = snapshot.step
    back = put_back(workload, container=step.container, before=step.from_image, patched_at=step.patched_at)
    message, reason = rollout.message, ""
    if back is not None:
        commit = short(step.deploy.from_sha) or step.from_image
        message, reason = f"{back.by} put {commit} back {duration(back.after)} later.", PUT_BACK
    return StepJudgement(
        snapshot=snapshot, message=message, rollout=rollout, ending=Ending.SUPERSEDED, reason=reason
    )


def _wait_or_fail(
    snapshot: Snapshot, workload: Workload, rollout: Rollout, context: FollowContext
) -> StepJudgement:
    problem = _problem(snapshot, workload, context)
    ending = None
    partly_up = is_partly_up(rollout, ready=snapshot.ready, best=_best(snapshot))
    if has_failed(workload, rollout, problem, partly_up=partly_up):
        ending = Ending.FAILED
    elif is_out_of_time(
        snapshot.step, longest_pause(workload, usual=context.timeouts.rollout), now=snapshot.now
    ):
        ending = Ending.TIMED_OUT
    return StepJudgement(
        snapshot=snapshot,
        message=_explained(problem, snapshot) if problem else _stated(snapshot, workload, rollout),
        rollout=rollout,
        ending=ending,
        reason=problem.reason if problem else "deadline",
        problem=problem,
    )


def _explained(problem: Diagnosis, snapshot: Snapshot) -> str:
    """Its sentence; a volume may be attached still where a pod cannot stop."""
    holds_it = overdue_pod(snapshot.pods, now=snapshot.now) if problem.reason == "volume" else ""
    return sentences(problem.message, holds_it)


def _stated(snapshot: Snapshot, workload: Workload, rollout: Rollout) -> str:
    """How far it is; what the workload counts as complete is not, while pods of it are not seen to be ready."""
    if rollout.phase is Phase.COMPLETE:
        return waiting_for(snapshot.ready, rollout.wanted)
    pulls = pulls_under_way(snapshot.new_pods, snapshot.events, now=snapshot.now)
    overdue = overdue_pod(snapshot.pods, now=snapshot.now) if stops_before_it_starts(workload) else ""
    waits_for = blocked(workload, snapshot.pods) or overdue or late_pod(snapshot.new_pods)
    patched_at = recorded_at(workload, deploy_id=snapshot.deploy.pk) or snapshot.deploy.patched_at
    ended = ended_pod(snapshot.pods, since=patched_at or snapshot.now)
    return sentences(rollout.message, pulls, waits_for, ended)


def _problem(snapshot: Snapshot, workload: Workload, context: FollowContext) -> Diagnosis | None:
    step, now = snapshot.step, snapshot.now
    problem = diagnose(
        snapshot.new_pods,
        snapshot.events,
        now=now,
        times=RolloutTimes(
            patched_at=step.deploy.patched_at,
            recorded_at=recorded_at(workload, deploy_id=step.deploy.pk),
            progressed_at=step.progressed_at,
            deadline_seconds=deadline_seconds(workload),
        ),
    )
    if problem is None or not problem.certain or not problem.unpulled:
        return problem
    answer = context.calls.ask(
        ("image", step.pk),
        partial(_is_in_registry, context.clients.registry, problem.unpulled),
        now=now,
        within=REGISTRY_WITHIN,
        otherwise="",
        keep=ASK_REGISTRY_AGAIN,
    )
    return after_asking_the_registry(problem, answer)


def _is_in_registry(registry: Registry, image: str) -> bool | str:
    """Or a sentence, where the registry cannot be asked."""
    try:
        return registry.digest(parse_image(image)) is not None
    except (RegistryError, ValueError, OSError) as error:
        return str(error)


def _counts(snapshot: Snapshot, workload: Workload, rollout: Rollout) -> dict[str, Any]:
    step = snapshot.step
    reached = progress(
        workload,
        rollout,
        ready=snapshot.ready,
        wanted_before=step.wanted,
        before=_best(snapshot),
        patched_at=step.deploy.patched_at or step.deploy.requested_at,
        now=snapshot.now,
    )
    counts = {"wanted": rollout.wanted, "updated": rollout.updated, "ready": snapshot.ready}
    return counts | ({"progress": reached.steps, "progressed_at": reached.at} if reached else {})


def _best(snapshot: Snapshot) -> Progress | None:
    """The furthest that it was seen to be."""
    step = snapshot.step
    if step.progress is None or step.progressed_at is None:
        return None
    return Progress(step.progress, step.progressed_at)
