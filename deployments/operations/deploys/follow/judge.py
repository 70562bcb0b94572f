"""From what the cluster shows to the Deploy's next state."""

from datetime import timedelta
from functools import partial
from typing import Any

from deployments.clients.registry import Registry, RegistryError
from deployments.models import Status
from deployments.operations.deploys.finish import Ending, finish
from deployments.operations.deploys.follow.context import FollowContext
from deployments.operations.deploys.follow.end import is_out_of_time, last_lines
from deployments.operations.deploys.follow.snapshot import Snapshot
from deployments.operations.deploys.follow.verification import check_host, verify_digest
from deployments.rules.diagnosis import (
    Diagnosis,
    RolloutTimes,
    after_asking_the_registry,
    diagnose,
    pulls_under_way,
)
from deployments.rules.digest_check import DigestCheck, DigestMatch
from deployments.rules.images import parse_image
from deployments.rules.ours import PUT_BACK, put_back
from deployments.rules.progress import Progress, deadline_seconds, has_failed, longest_pause, progress
from deployments.rules.rollouts import Phase, Rollout, judge_rollout
from deployments.rules.wording import duration, sentences, short, some_of
from deployments.rules.workloads import Workload, is_same_image

REGISTRY_WITHIN = timedelta(seconds=30)
ASK_REGISTRY_AGAIN = timedelta(seconds=30)


def judge(snapshot: Snapshot, context: FollowContext) -> None:
    """Move the Deploy on, or note how far it is."""
    deploy, site = snapshot.deploy, snapshot.deploy.site
    if snapshot.deployment is None or snapshot.deployment.is_terminating:
        how = "gone from" if snapshot.deployment is None else "being deleted in"
        gone = f"Deployment {site.deployment} is {how} namespace {site.namespace}."
        finish(deploy, Ending.FAILED, gone, reason="gone", now=snapshot.now)
        return
    image = snapshot.image
    if not is_same_image(image, deploy.set_image):
        # A webhook came midway, and has rewritten what was there.
        deploy.note(now=snapshot.now, applied_image=image)
    rollout = judge_rollout(snapshot.deployment, container=site.container, image=image)
    match rollout.phase:
        case Phase.SUPERSEDED:
            _superseded(snapshot, snapshot.deployment, rollout)
        case Phase.COMPLETE if snapshot.ready >= rollout.wanted:
            _verify(snapshot, rollout, context)
        case _:
            _wait_or_fail(snapshot, snapshot.deployment, rollout, context)


def _superseded(snapshot: Snapshot, deployment: Workload, rollout: Rollout) -> None:
    """What puts its own image back does so again: it is named, and auto-deploy stops here."""
    deploy = snapshot.deploy
    back = put_back(deployment, container=deploy.site.container, before=deploy.from_image)
    if back is None:
        finish(deploy, Ending.SUPERSEDED, rollout.message, now=snapshot.now)
        return
    commit = short(deploy.from_sha) or deploy.from_image
    message = f"{back.by} put {commit} back {duration(back.after)} later."
    finish(deploy, Ending.SUPERSEDED, message, reason=PUT_BACK, now=snapshot.now)


def _verify(snapshot: Snapshot, rollout: Rollout, context: FollowContext) -> None:
    deploy, now, ready = snapshot.deploy, snapshot.now, snapshot.ready
    if deploy.status == Status.ROLLING_OUT:
        message = (
            f"{_pods(ready)} ready on the new image: watching that it stays so."
            if rollout.wanted
            else rollout.message
        )
        deploy.move(
            Status.VERIFYING,
            now=now,
            message=message,
            verifying_since=now,
            checks=0,
            checked_at=None,
            **_counts(snapshot, rollout),
        )
        # The registry answers while stability is watched.
        verify_digest(snapshot, context)
    elif not rollout.wanted:
        finish(deploy, Ending.SUCCEEDED, rollout.message, now=now, **_counts(snapshot, rollout))
    elif digest_check := verify_digest(snapshot, context):
        _verify_build(snapshot, rollout, context, digest_check)


def _verify_build(
    snapshot: Snapshot, rollout: Rollout, context: FollowContext, digest_check: DigestCheck
) -> None:
    deploy, now, counts = snapshot.deploy, snapshot.now, _counts(snapshot, rollout)
    if digest_check.match is DigestMatch.MISMATCH:
        finish(deploy, Ending.FAILED, digest_check.message, reason="other_build", now=now, **counts)
    elif deploy.verifying_since and now - deploy.verifying_since >= context.timeouts.stability:
        deploy.note(now=now, **counts)
        doubt = (
            f"; whether that is the registry's build is not known: {digest_check.message}"
            if digest_check.message
            else ""
        )
        check_host(snapshot, context, stayed=f"{_pods(snapshot.ready)} ready, and stayed so{doubt}")


def _wait_or_fail(snapshot: Snapshot, workload: Workload, rollout: Rollout, context: FollowContext) -> None:
    deploy, now, ready_before = snapshot.deploy, snapshot.now, snapshot.deploy.ready
    deploy.note(now=now, **_counts(snapshot, rollout))
    problem = _problem(snapshot, workload, context)
    message = problem.message if problem else _stated(snapshot, rollout)
    if has_failed(workload, rollout, problem):
        finish(deploy, Ending.FAILED, message, now=now, **_evidence(snapshot, problem, context))
    elif is_out_of_time(deploy, longest_pause(workload, usual=context.timeouts.rollout), now=now):
        finish(deploy, Ending.TIMED_OUT, message, now=now, **_evidence(snapshot, problem, context))
    elif deploy.status != Status.VERIFYING:
        deploy.note(now=now, message=message)
    elif rollout.is_observed:
        fell_away = "A pod fell away again." if snapshot.ready < ready_before else ""
        message = sentences(fell_away, message)
        deploy.move(
            Status.ROLLING_OUT, now=now, message=message, verifying_since=None, checks=0, checked_at=None
        )


def _stated(snapshot: Snapshot, rollout: Rollout) -> str:
    """How far it is; what the Deployment counts as complete is not, while pods of it are not seen to be ready."""
    if rollout.phase is Phase.COMPLETE:
        return f"{some_of(snapshot.ready, rollout.wanted, 'new pod')} ready."
    pulls = pulls_under_way(snapshot.new_pods, snapshot.events, now=snapshot.now)
    return sentences(rollout.message, pulls)


def _problem(snapshot: Snapshot, workload: Workload, context: FollowContext) -> Diagnosis | None:
    """What is wrong; before an image is called missing, the registry itself is asked."""
    deploy, now = snapshot.deploy, snapshot.now
    problem = diagnose(
        snapshot.new_pods,
        snapshot.events,
        now=now,
        times=RolloutTimes(
            patched_at=deploy.patched_at,
            progressed_at=deploy.progressed_at,
            deadline_seconds=deadline_seconds(workload),
        ),
    )
    if problem is None or not problem.certain or not problem.unpulled:
        return problem
    answer = context.calls.ask(
        ("image", deploy.pk),
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


def _evidence(snapshot: Snapshot, problem: Diagnosis | None, context: FollowContext) -> dict[str, Any]:
    if problem is None:
        return {"reason": "deadline"}
    log = ""
    if problem.has_log:
        namespace = snapshot.deploy.site.namespace
        log = last_lines(context.clients.cluster, namespace, pod=problem.pod, container=problem.container)
    return {"reason": problem.reason, "log": log}


def _counts(snapshot: Snapshot, rollout: Rollout) -> dict[str, Any]:
    deploy, workload = snapshot.deploy, snapshot.deployment
    before = (
        Progress(deploy.progress, deploy.progressed_at)
        if deploy.progress is not None and deploy.progressed_at
        else None
    )
    counts = {"wanted": rollout.wanted, "updated": rollout.updated, "ready": snapshot.ready}
    if workload is None:
        return counts
    reached = progress(
        workload,
        rollout,
        ready=snapshot.ready,
        wanted_before=deploy.wanted,
        before=before,
        patched_at=deploy.patched_at or deploy.requested_at,
        now=snapshot.now,
    )
    return counts | ({"progress": reached.steps, "progressed_at": reached.at} if reached else {})


def _pods(count: int) -> str:
    return "1 pod is" if count == 1 else f"{count} pods are"
