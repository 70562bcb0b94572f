"""Derive a Deploy's next state from all its workloads."""

from collections.abc import Iterable, Sequence
from typing import Any

from deployments.models import Status
from deployments.operations.deploys.finish import Ending, finish
from deployments.operations.deploys.follow.context import FollowContext
from deployments.operations.deploys.follow.end import last_lines
from deployments.operations.deploys.follow.judge_step import StepJudgement, judge_step
from deployments.operations.deploys.follow.snapshot import Snapshot
from deployments.operations.deploys.follow.verification import check_host, verify_digests
from deployments.rules.digest_check import DigestCheck, DigestMatch
from deployments.rules.wording import counted, is_same_news, sentences

ENDS_FIRST = (Ending.FAILED, Ending.SUPERSEDED, Ending.TIMED_OUT)


def judge(snapshots: Sequence[Snapshot], context: FollowContext) -> None:
    """Move the Deploy on as its slowest step allows, end it with its worst one, or note how far it is."""
    deploy = snapshots[0].deploy
    ready_before = deploy.ready
    judgements = [judge_step(snapshot, context) for snapshot in snapshots]
    first = snapshots[0].step
    deploy.note(now=snapshots[0].now, applied_image=first.applied_image)
    ended = [each for each in judgements if each.ending]
    if ended:
        worst = min(ended, key=lambda each: ENDS_FIRST.index(each.ending or Ending.TIMED_OUT))
        _end(worst, judgements, context)
    elif all(each.is_ready for each in judgements):
        _verify(judgements, context)
    else:
        _wait(judgements, context, ready_before=ready_before)


def _end(worst: StepJudgement, judgements: Sequence[StepJudgement], context: FollowContext) -> None:
    snapshot, deploy = worst.snapshot, worst.snapshot.deploy
    if worst.ending is not Ending.SUPERSEDED and worst.rollout:
        deploy.note(now=snapshot.now, **_totals(judgements))
    log: dict[str, Any] = {"log": _log(worst, context)} if worst.problem else {}
    message = _named(worst, judgements)
    finish(deploy, worst.ending or Ending.FAILED, message, now=snapshot.now, reason=worst.reason, **log)


def _log(worst: StepJudgement, context: FollowContext) -> str:
    problem, step = worst.problem, worst.snapshot.step
    if problem is None or not problem.has_log:
        return ""
    cluster = context.clients.cluster
    return last_lines(cluster, step.namespace, pod=problem.pod, container=problem.container)


def _wait(judgements: Sequence[StepJudgement], context: FollowContext, *, ready_before: int) -> None:
    deploy, now = judgements[0].snapshot.deploy, judgements[0].snapshot.now
    late = [each for each in judgements if not each.is_ready]
    message = sentences(*(_named(each, judgements) for each in late))
    deploy.note(now=now, **_totals(judgements))
    if not is_same_news(message, deploy.message) and (log := _crash_log(late, context)):
        # Read again when the message changes, as after the next restart, and not at each check.
        deploy.note(now=now, log=log)
    if deploy.status != Status.VERIFYING:
        deploy.note(now=now, message=message)
    elif any(each.rollout and each.rollout.is_observed for each in late):
        fell_away = "A pod is no longer ready." if deploy.ready < ready_before else ""
        message = sentences(fell_away, message)
        deploy.move(
            Status.ROLLING_OUT, now=now, message=message, verifying_since=None, checks=0, checked_at=None
        )


def _crash_log(late: Sequence[StepJudgement], context: FollowContext) -> str:
    """The last lines of a container that was restarted; empty where none was."""
    crashing = (each for each in late if each.problem and each.problem.has_crashed)
    return next((_log(each, context) for each in crashing), "")


def _verify(judgements: Sequence[StepJudgement], context: FollowContext) -> None:
    snapshots = [each.snapshot for each in judgements]
    deploy, now = snapshots[0].deploy, snapshots[0].now
    totals, wanted = _totals(judgements), sum(each.wanted for each in judgements)
    besides = _besides(judgements)
    if deploy.status == Status.ROLLING_OUT:
        watching = _watching(totals["ready"]) if wanted else ""
        deploy.move(
            Status.VERIFYING,
            now=now,
            message=sentences(watching, *besides),
            verifying_since=now,
            checks=0,
            checked_at=None,
            **totals,
        )
        # The registry answers while stability is watched.
        verify_digests(snapshots, context)
    elif not wanted:
        finish(deploy, Ending.SUCCEEDED, sentences(*besides), now=now, **totals)
    elif digest_check := verify_digests(snapshots, context):
        _verify_build(judgements, context, digest_check)


def _verify_build(
    judgements: Sequence[StepJudgement], context: FollowContext, digest_check: DigestCheck
) -> None:
    snapshots = [each.snapshot for each in judgements]
    deploy, now, totals = snapshots[0].deploy, snapshots[0].now, _totals(judgements)
    if digest_check.match is DigestMatch.MISMATCH:
        finish(deploy, Ending.FAILED, digest_check.message, reason="other_build", now=now, **totals)
    elif deploy.verifying_since and now - deploy.verifying_since >= context.timeouts.stability:
        deploy.note(now=now, **totals)
        stable = f"{counted(totals['ready'], 'pod')} ready and stable"
        doubt = (
            digest_check.message and f"Not known whether it is the registry's build: {digest_check.message}"
        )
        check_host(
            snapshots, context, stayed=sentences(stable, doubt, *_besides(judgements)).removesuffix(".")
        )


def _besides(judgements: Sequence[StepJudgement]) -> list[str]:
    """What the number of ready pods does not say: workloads that none was waited for of, and old pods that stay."""
    return [_named(each, judgements) for each in judgements if not each.wanted or each.leaves_old_pods]


def _totals(judgements: Iterable[StepJudgement]) -> dict[str, Any]:
    steps = [each.snapshot.step for each in judgements]
    return {name: sum(getattr(step, name) for step in steps) for name in ("wanted", "updated", "ready")}


def _named(judgement: StepJudgement, judgements: Sequence[StepJudgement]) -> str:
    """Its sentence, with the workload that it is about where there are several."""
    step = judgement.snapshot.step
    return f"{step.kind} {step.name}: {judgement.message}" if len(judgements) > 1 else judgement.message


def _watching(ready: int) -> str:
    if ready == 1:
        return "New pod ready. Checking that it stays up…"
    return f"{ready} new pods ready. Checking that they stay up…"
