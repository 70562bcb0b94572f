"""Deployments: one ordered judgement, whose answer carries its numbers.

The order and the numbers are those of `kubectl rollout status` (k8s.io/kubectl, `pkg/polymorphichelpers/rollout_status.go`):
generation, then deadline, then counts. Conditions are trusted for the deadline only, since they lag behind when a patch
returns to a ReplicaSet that exists already (https://github.com/kubernetes/kubernetes/issues/124264): a deadline that
passed before the image was set is another rollout's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from deployments.rules.pods import condition
from deployments.rules.problems import cut
from deployments.rules.rollouts.rollout import Judgement, Phase, Rollout, before_counting, with_numbers
from deployments.rules.wording import counted, creating, duration, sentences, waiting_for
from deployments.rules.workloads import Counts, Workload, image_writer


def judge_deployment(deployment: Workload, images: Mapping[str, str]) -> Rollout:
    """The status of the rollout of these images, by the container's name."""
    wanted = deployment.counts.wanted
    if early := before_counting(deployment, images, wanted=wanted):
        refused = _refused_replica_set(deployment) if early.phase is Phase.PROGRESSING else ""
        return replace(early, message=sentences(early.message, refused))
    return with_numbers(deployment, _judge(deployment, images), wanted=wanted)


def _judge(deployment: Workload, images: Iterable[str]) -> Judgement:
    numbers, missing = deployment.counts, _what_is_missing(deployment)
    if deployment.is_paused and (missing or not numbers.wanted):
        return (
            Phase.PAUSED,
            "Applied. The Deployment is paused, so its pods are not replaced. Resume it with kubectl rollout resume.",
        )
    if _is_past_deadline(deployment, images):
        return Phase.FAILED, sentences(_deadline(deployment), missing, _refused_pods(deployment))
    if missing:
        return Phase.PROGRESSING, sentences(missing, _refused_pods(deployment))
    return Phase.COMPLETE, _complete(numbers)


def _is_past_deadline(deployment: Workload, images: Iterable[str]) -> bool:
    progressing = condition(deployment.conditions, "Progressing")
    if progressing is None or progressing.reason != "ProgressDeadlineExceeded":
        return False
    writers = (image_writer(deployment, container=each) for each in images)
    set_at = max((each.at for each in writers if each and each.at), default=None)
    return progressing.updated_at is None or set_at is None or progressing.updated_at > set_at


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
        return f"Waiting for {counted(leaving, 'old pod')} to stop before new ones start."
    if numbers.updated < numbers.wanted:
        return creating(numbers.updated, numbers.wanted)
    if numbers.old:
        return f"Waiting for {counted(numbers.old, 'old pod')} to stop."
    if numbers.available < numbers.updated:
        return waiting_for(numbers.available, numbers.updated)
    return ""


def _refused_replica_set(deployment: Workload) -> str:
    """Where its controller cannot create the ReplicaSet, that is all that it reports: it does not take the change in before."""
    progressing = condition(deployment.conditions, "Progressing")
    if progressing is None or progressing.reason != "ReplicaSetCreateError":
        return ""
    return f"Its controller last said: {cut(progressing.message) or 'the ReplicaSet cannot be created'}"


def _refused_pods(deployment: Workload) -> str:
    failure = condition(deployment.conditions, "ReplicaFailure")
    if failure is None or failure.status != "True":
        return ""
    return f"The cluster refuses to create pods: {failure.message or failure.reason or 'no reason given'}"


def _complete(numbers: Counts) -> str:
    if not numbers.wanted:
        return "Applied. No pods run, because the Deployment is scaled to zero."
    return "The new pod is up." if numbers.updated == 1 else f"All {numbers.updated} new pods are up."
