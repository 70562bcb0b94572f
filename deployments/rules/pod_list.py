"""The pods of a site as its page lists them, and which of a pod's logs says most."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from deployments.rules.outages import pod_status
from deployments.rules.pods import ContainerStatus, Pod, Running, Waiting, is_ready
from deployments.rules.problems import cut
from deployments.rules.workloads import Workload, owned_pods

MOST_OF_A_WORKLOAD = 20
_NEVER = datetime.min.replace(tzinfo=UTC)
_OVER = frozenset({"Succeeded"})


@dataclass(frozen=True, kw_only=True)
class ListedPod:
    """One pod as `kubectl get pods -o wide` lists it; restarts are those of all its containers."""

    workload: str
    """The kind and name of what it belongs to."""
    namespace: str
    name: str
    status: str
    ready: int = 0
    """Of the containers that are to keep running, like `containers`: native sidecars are among them."""
    containers: int = 0
    restarts: int = 0
    node: str = ""
    created_at: datetime | None = None
    is_well: bool = False
    """Ready, or a Job's that has done its work."""


def listed_pods(workload: Workload, pods: Iterable[Pod]) -> list[ListedPod]:
    """The workload's own among `pods`: those that are not well first, then the newest, and at most 20."""
    label = f"{workload.kind} {workload.name}"
    own = sorted(owned_pods(workload, pods), key=lambda pod: pod.created_at or _NEVER, reverse=True)
    listed = [_listed(label, pod) for pod in own]
    return sorted(listed, key=lambda pod: pod.is_well)[:MOST_OF_A_WORKLOAD]


def _listed(label: str, pod: Pod) -> ListedPod:
    stay = [*(each for each in pod.init_containers if each.is_sidecar), *pod.containers]
    statuses = [pod.statuses.get(spec.name) for spec in stay]
    return ListedPod(
        workload=label,
        namespace=pod.namespace,
        name=pod.name,
        status=cut(pod_status(pod)),
        ready=sum(bool(each and each.is_ready) for each in statuses),
        containers=len(statuses),
        restarts=sum(each.restarts for each in pod.statuses.values()),
        node=pod.node,
        created_at=pod.created_at,
        is_well=is_ready(pod) or pod.phase in _OVER,
    )


@dataclass(frozen=True, kw_only=True)
class LogChoice:
    """Whose log to read; `previous`: that of the run that ended before the present one."""

    container: str
    previous: bool = False


def log_choices(pod: Pod) -> tuple[LogChoice, ...]:
    """Every log that the pod has, in its containers' order, each container's present run before the one before it."""
    return tuple(
        LogChoice(container=spec.name, previous=previous)
        for spec in (*pod.init_containers, *pod.containers)
        for previous in _runs(pod.statuses.get(spec.name))
    )


def _runs(status: ContainerStatus | None) -> tuple[bool, ...]:
    if status is None:
        return ()
    if status.last_ended is not None:
        return (False, True)
    return () if isinstance(status.state, Waiting) else (False,)


def best_log(pod: Pod) -> LogChoice | None:
    """The log that says most: of a container that is not well, and there of the run that ended; None where none has run."""
    choices = log_choices(pod)
    ordered = sorted(choices, key=lambda each: _rank(pod, each))
    return ordered[0] if ordered else None


def _rank(pod: Pod, choice: LogChoice) -> tuple[bool, bool, bool]:
    status = pod.statuses[choice.container]
    is_init = any(spec.name == choice.container for spec in pod.init_containers)
    is_running = isinstance(status.state, Running)
    is_troubled = not status.is_ready and not _has_done_its_work(status)
    # One that runs and is not ready is asked what it says now; one that crashed a moment ago, why.
    wants_previous = is_troubled and status.last_ended is not None and (is_running or _waits(status))
    return not is_troubled, is_init, choice.previous != wants_previous


def _waits(status: ContainerStatus) -> bool:
    return isinstance(status.state, Waiting)


def _has_done_its_work(status: ContainerStatus) -> bool:
    return getattr(status.state, "exit_code", None) == 0
