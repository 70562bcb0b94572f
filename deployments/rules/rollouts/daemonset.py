"""DaemonSets: one pod for each node that takes one, replaced node by node.

The order and the numbers are those of `kubectl rollout status` (k8s.io/kubectl, `pkg/polymorphichelpers/rollout_status.go`) and of
gitops-engine's `pkg/health/health_daemonset.go`. With `OnDelete` nothing is waited for:
https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/#daemonset-update-strategy.
"""

from collections.abc import Mapping

from deployments.rules.rollouts.rollout import Judgement, Phase, Rollout, before_counting, with_numbers
from deployments.rules.wording import creating, waiting_for
from deployments.rules.workloads import Workload


def judge_daemon_set(daemon_set: Workload, images: Mapping[str, str]) -> Rollout:
    """The status of the rollout of these images, by the container's name."""
    wanted = 0 if daemon_set.strategy == "OnDelete" else daemon_set.counts.wanted
    return before_counting(daemon_set, images, wanted=wanted) or with_numbers(
        daemon_set, _judge(daemon_set), wanted=wanted
    )


def _judge(daemon_set: Workload) -> Judgement:
    numbers = daemon_set.counts
    if not numbers.wanted:
        return Phase.COMPLETE, "Applied. No pods run, because no node matches the DaemonSet."
    if daemon_set.strategy == "OnDelete":
        return (
            Phase.COMPLETE,
            "Applied. The DaemonSet's update strategy is OnDelete, so new pods start when the old ones are deleted.",
        )
    if numbers.updated < numbers.wanted:
        return Phase.PROGRESSING, creating(numbers.updated, numbers.wanted)
    if numbers.available < numbers.wanted:
        return Phase.PROGRESSING, waiting_for(numbers.available, numbers.wanted)
    where = "its node" if numbers.wanted == 1 else f"all {numbers.wanted} nodes"
    return Phase.COMPLETE, f"The new pod is up on {where}."
