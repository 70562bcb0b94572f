"""Which pods of a workload are of its present template, whatever admission has made of their images.

Each kind's controller marks its pods in its own way; none of them takes more than the right to list pods, but for ReplicaSets.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from deployments.rules.pods import Pod, is_active, is_ready
from deployments.rules.problems import cut
from deployments.rules.times import CLOCKS_DIFFER
from deployments.rules.wording import duration, sentences
from deployments.rules.workloads import (
    ReplicaSet,
    Workload,
    WorkloadKind,
    all_images,
    is_observed,
    is_same_image,
    owned_pods,
    pods_of,
    present_replica_set,
)

_KUBELET_IS_LATE = timedelta(minutes=1)
_LAST = datetime.max.replace(tzinfo=UTC)
REVISION_HASH = "controller-revision-hash"
"""The label by which StatefulSets and DaemonSets name the template that a pod was made from."""
TEMPLATE_GENERATION = "pod-template-generation"
"""The label by which DaemonSets number the template that a pod was made from: deprecated, and written all the same."""


def new_pods(workload: Workload, pods: Iterable[Pod], replica_sets: Iterable[ReplicaSet] = ()) -> list[Pod]:
    """The workload's pods of its present template, neither terminating nor left over; of a CronJob those of active Jobs.

    Empty while its controller has not seen the template. Only Deployments need their ReplicaSets.
    """
    own = [pod for pod in owned_pods(workload, pods) if is_active(pod)]
    match workload.kind:
        case WorkloadKind.DEPLOYMENT:
            present = present_replica_set(workload, replica_sets)
            return pods_of(present, own) if present else []
        case WorkloadKind.STATEFUL_SET if workload.update_revision:
            of_revision = [pod for pod in own if pod.labels.get(REVISION_HASH) == workload.update_revision]
            return of_revision if is_observed(workload) else []
        case WorkloadKind.DAEMON_SET:
            return _of_daemon_set(workload, own) if is_observed(workload) else []
    return [pod for pod in own if _has_its_images(workload, pod)]


def blocking_pod(workload: Workload, pods: Iterable[Pod]) -> Pod | None:
    """The pod of another template that is not ready, for which a StatefulSet waits before it replaces any; None where there is none.

    Going back does not help then: someone has to delete that pod.
    https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback
    """
    if not workload.is_ordered or workload.strategy != "RollingUpdate" or not is_observed(workload):
        return None
    waits_for = [
        pod
        for pod in owned_pods(workload, pods)
        if is_active(pod) and not is_ready(pod) and pod.labels.get(REVISION_HASH) != workload.update_revision
    ]
    return min(waits_for, key=lambda pod: (len(pod.name), pod.name), default=None)


def blocked(workload: Workload, pods: Iterable[Pod]) -> str:
    """What someone has to do before a StatefulSet continues; empty where it does."""
    pod = blocking_pod(workload, pods)
    if pod is None:
        return ""
    return (
        f"The StatefulSet waits for pod {pod.name}, which is not ready and still has an earlier template. "
        f"Delete it with kubectl delete pod {pod.name}."
    )


def late_pod(pods: Iterable[Pod]) -> str:
    """Name the new pod that has been waited for longest; empty where each is ready, or none is there."""
    late = [pod for pod in pods if is_active(pod) and not is_ready(pod)]
    first = min(late, key=lambda pod: (pod.created_at or _LAST, pod.name), default=None)
    return f"Waiting for pod {first.name}." if first else ""


def overdue_pod(pods: Iterable[Pod], *, now: datetime) -> str:
    """Name the pod that should be gone by now and is not, as on a node that has stopped answering; empty where there is none.

    Its kubelet has to confirm that it has stopped: https://kubernetes.io/docs/tasks/run-application/force-delete-stateful-set-pod/.
    """
    late = [(pod.terminating_at, pod.name, pod.node) for pod in pods if pod.terminating_at]
    first = min(late, default=None)
    if first is None or now - first[0] < _KUBELET_IS_LATE:
        return ""
    at, name, node = first
    check = f"Check its node, {node}" if node else f"Check why with kubectl describe pod {name}"
    return sentences(f"Pod {name} should have stopped {duration(now - at)} ago", check)


def ended_pod(pods: Iterable[Pod], *, since: datetime) -> str:
    """How the last pod ended that was made since then, and was not to end; empty where none has."""
    ended = [
        (pod.created_at, pod)
        for pod in pods
        if pod.phase == "Failed"
        and not pod.is_terminating
        and pod.created_at
        and pod.created_at >= since - CLOCKS_DIFFER
    ]
    _, last = max(ended, key=lambda each: (each[0], each[1].name), default=(None, None))
    return sentences(how_it_ended(last)) if last else ""


def how_it_ended(pod: Pod) -> str:
    """`Pod shop-x ended as Evicted: The node was low on resource: memory`, of a pod that is left over."""
    return f"Pod {pod.name} ended as {pod.reason or pod.phase}: {cut(pod.message) or 'no reason given'}"


def _of_daemon_set(workload: Workload, own: Sequence[Pod]) -> list[Pod]:
    """As its controller marks them: by the template's number, or, where the template has gone back to an earlier one, by its hash.

    `IsPodUpdated` in kubernetes' pkg/controller/daemon/util. The status does not say that hash: a pod of the present number does, or
    one that has the template's images; where all are counted as updated, all are.
    """
    if workload.counts.total and workload.counts.updated >= workload.counts.total:
        return list(own)
    sure = [pod for pod in own if _is_of_generation(workload, pod) or _has_its_images(workload, pod)]
    hashes = {pod.labels.get(REVISION_HASH, "") for pod in sure if _is_of_generation(workload, pod)} - {""}
    return [pod for pod in own if pod in sure or pod.labels.get(REVISION_HASH) in hashes]


def _is_of_generation(workload: Workload, pod: Pod) -> bool:
    number = workload.template_generation
    return bool(number) and pod.labels.get(TEMPLATE_GENERATION) == number


def _has_its_images(workload: Workload, pod: Pod) -> bool:
    """Whether the pod has every image and annotation of the template, as one that it was made from has without an admission."""
    images = {each.name: each.image for each in (*pod.init_containers, *pod.containers)}
    wanted = all_images(workload)
    has_images = all(is_same_image(images.get(name, ""), image) for name, image in wanted.items())
    return bool(wanted) and has_images and workload.template.annotations.items() <= pod.annotations.items()
