"""A restart replaces pods and keeps the image: the mark on a pod says whether it is new.

How pods are replaced is each kind's own way: https://kubernetes.io/docs/concepts/workloads/controllers/.
"""

from collections.abc import Iterable, Sequence

from deployments.rules.pods import Pod
from deployments.rules.targets import WorkloadReference
from deployments.rules.times import parse_time
from deployments.rules.workloads import Template, Workload, WorkloadKind

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
NO_PODS = "A CronJob has no pods to restart. Its next job starts new ones."
_BY_HAND = "with the update strategy OnDelete, only as you delete the old ones"
_WHAT_HAPPENS = {
    WorkloadKind.DEPLOYMENT: "Every pod is replaced, as many at a time as the Deployment's strategy allows.",
    WorkloadKind.STATEFUL_SET: f"Pods are replaced one at a time, the highest number first; none below its partition, and {_BY_HAND}.",
    WorkloadKind.DAEMON_SET: f"Pods are replaced node by node; {_BY_HAND}.",
    WorkloadKind.CRON_JOB: NO_PODS,
}


def what_a_restart_does(workloads: Sequence[WorkloadReference]) -> tuple[str, ...]:
    """Say what happens to each workload's pods, named where there are several; ending with what stays."""
    several = len(workloads) > 1
    done = tuple(
        f"{each}: {_WHAT_HAPPENS[each.kind]}" if several else _WHAT_HAPPENS[each.kind] for each in workloads
    )
    return (*done, "The commit and the image stay the same.") if can_restart(workloads) else done


def can_restart(workloads: Iterable[WorkloadReference]) -> bool:
    """Whether any of them has its own pods."""
    return any(each.kind != WorkloadKind.CRON_JOB for each in workloads)


def restarted_at(templated: Template | Pod) -> str:
    """When a restart was requested, as `kubectl rollout restart` writes it into a template, whose pods carry it too."""
    return templated.annotations.get(RESTARTED_AT, "")


def restarted_pods(deployment: Workload, pods: Iterable[Pod], *, at: str) -> list[Pod]:
    """The pods made by the restart of `at`, or by a later one; none where the template was rolled back to before it."""
    present = restarted_at(deployment.template)
    asked, last = parse_time(at), parse_time(present)
    if not asked or not last or last < asked:
        return []
    return [pod for pod in pods if restarted_at(pod) == present]
