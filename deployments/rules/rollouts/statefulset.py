"""StatefulSets: pods are replaced one after another, from the highest number down to the partition.

The order and the numbers are those of `kubectl rollout status` (k8s.io/kubectl, `pkg/polymorphichelpers/rollout_status.go`) and of
gitops-engine's `pkg/health/health_statefulset.go`: generation, then ready pods, then new ones down to the partition. With `OnDelete`
nothing is waited for: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#update-strategies.
"""

from collections.abc import Mapping

from deployments.rules.rollouts.rollout import Judgement, Phase, Rollout, before_counting, with_numbers
from deployments.rules.wording import counted, creating, sentences, some_of
from deployments.rules.workloads import Workload


def judge_stateful_set(stateful_set: Workload, images: Mapping[str, str]) -> Rollout:
    """The status of the rollout of these images, by the container's name."""
    wanted = _wanted(stateful_set)
    return before_counting(stateful_set, images, wanted=wanted) or with_numbers(
        stateful_set, _judge(stateful_set, wanted), wanted=wanted
    )


def _wanted(stateful_set: Workload) -> int:
    """How many pods its controller replaces: those of the partition's number and above."""
    if stateful_set.strategy == "OnDelete":
        return 0
    return max(0, stateful_set.counts.wanted - stateful_set.partition)


def _judge(stateful_set: Workload, wanted: int) -> Judgement:
    numbers = stateful_set.counts
    if not numbers.wanted:
        return Phase.COMPLETE, "Applied. No pods run, because the StatefulSet is scaled to zero."
    if stateful_set.strategy == "OnDelete":
        return (
            Phase.COMPLETE,
            "Applied. The StatefulSet's update strategy is OnDelete, so new pods start when the old ones are deleted.",
        )
    if not wanted:
        return Phase.COMPLETE, f"Applied. {_kept(stateful_set)}."
    created = "" if numbers.updated >= wanted else creating(numbers.updated, wanted)
    if numbers.ready < numbers.wanted:
        return Phase.PROGRESSING, sentences(
            created, f"{some_of(numbers.ready, numbers.wanted, 'pod')} ready."
        )
    if created:
        return Phase.PROGRESSING, created
    up = "The new pod is up." if wanted == 1 else f"All {wanted} new pods are up."
    return Phase.COMPLETE, sentences(up, _kept(stateful_set) if stateful_set.partition else "")


def _kept(stateful_set: Workload) -> str:
    kept = min(stateful_set.partition, stateful_set.counts.wanted)
    verb = "is" if kept == 1 else "are"
    return f"{counted(kept, 'pod')} {verb} not replaced, because the StatefulSet's partition is {stateful_set.partition}"
