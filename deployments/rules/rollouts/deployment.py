"""Deployments: one ordered judgement, whose answer carries its numbers.

The order and the numbers are those of `kubectl rollout status` (k8s.io/kubectl, `pkg/polymorphichelpers/rollout_status.go`):
generation, then deadline, then counts. Conditions are trusted for the deadline only, since they lag behind when a patch
returns to a ReplicaSet that exists already (https://github.com/kubernetes/kubernetes/issues/124264): a deadline that
passed before the image was set is another rollout's.
"""

from datetime import timedelta

from deployments.rules.pods import condition
from deployments.rules.rollouts.rollout import Phase, Rollout
from deployments.rules.wording import counted, duration, sentences, some_of
from deployments.rules.workloads import (
    OUR_MANAGER,
    Counts,
    Workload,
    containers,
    image_writer,
    is_observed,
    is_same_image,
)


def judge_deployment(deployment: Workload, *, container: str, image: str) -> Rollout:
    """How the rollout of `image` in that container stands."""
    phase, message, by = _judge(deployment, container=container, image=image)
    numbers = deployment.counts
    return Rollout(
        phase=phase,
        message=message,
        wanted=numbers.wanted,
        updated=numbers.updated,
        ready=numbers.ready,
        available=numbers.available,
        old=numbers.old,
        by=by,
        is_observed=is_observed(deployment),
    )


def _judge(deployment: Workload, *, container: str, image: str) -> tuple[Phase, str, str]:
    present = containers(deployment).get(container)
    if present is None or not is_same_image(present, image):
        return _superseded(deployment, container=container, present=present)
    if not is_observed(deployment):
        return Phase.PROGRESSING, "The cluster has taken the change and has not begun with it yet.", ""
    numbers, missing = deployment.counts, _what_is_missing(deployment)
    if deployment.is_paused and (missing or not numbers.wanted):
        return (
            Phase.PAUSED,
            "It waits because the Deployment is paused in the cluster: resume it with kubectl rollout resume.",
            "",
        )
    if _is_past_deadline(deployment, container=container):
        return Phase.FAILED, sentences(_deadline(deployment), missing, _refused_pods(deployment)), ""
    if missing:
        return Phase.PROGRESSING, sentences(missing, _refused_pods(deployment)), ""
    return Phase.COMPLETE, _complete(numbers), ""


def _superseded(deployment: Workload, *, container: str, present: str | None) -> tuple[Phase, str, str]:
    if present is None:
        return Phase.SUPERSEDED, f"The Deployment no longer has a container named “{container}”.", ""
    writer = image_writer(deployment, container=container)
    by = writer.manager if writer else ""
    who = "Another deploy by Headway" if by == OUR_MANAGER else by or "Somebody else"
    return Phase.SUPERSEDED, f"{who} has set the image to {present} since.", by


def _is_past_deadline(deployment: Workload, *, container: str) -> bool:
    progressing = condition(deployment.conditions, "Progressing")
    if progressing is None or progressing.reason != "ProgressDeadlineExceeded":
        return False
    passed_at, writer = progressing.updated_at, image_writer(deployment, container=container)
    if passed_at is None or writer is None or writer.at is None:
        return True
    return passed_at > writer.at


def _deadline(deployment: Workload) -> str:
    seconds = deployment.progress_deadline_seconds or 600
    return (
        f"The rollout made no progress for {duration(timedelta(seconds=seconds))}, the Deployment's deadline."
    )


def _what_is_missing(deployment: Workload) -> str:
    """The first thing that a finished rollout would have and this one has not; empty when it has all."""
    numbers = deployment.counts
    leaving = max(numbers.old, numbers.terminating)
    if deployment.strategy == "Recreate" and leaving and not numbers.updated:
        return f"New pods start when the old ones are gone: {counted(leaving, 'old pod')} to go."
    if numbers.updated < numbers.wanted:
        return f"{some_of(numbers.updated, numbers.wanted, 'new pod')} created."
    if numbers.old:
        goes = "has" if numbers.old == 1 else "have"
        return f"{counted(numbers.old, 'old pod')} {goes} still to go."
    if numbers.available < numbers.updated:
        return f"{some_of(numbers.available, numbers.updated, 'new pod')} up."
    return ""


def _refused_pods(deployment: Workload) -> str:
    failure = condition(deployment.conditions, "ReplicaFailure")
    if failure is None or failure.status != "True":
        return ""
    return f"The cluster refuses to create pods: {failure.message or failure.reason or 'no reason given'}"


def _complete(numbers: Counts) -> str:
    if not numbers.wanted:
        return "The image is set, and no pod runs it: the Deployment is scaled to zero."
    return "The new pod is up." if numbers.updated == 1 else f"All {numbers.updated} new pods are up."
