"""Why a site has no ready pod, and the state of its pods: for a site that went down without a Deploy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from deployments.rules.diagnosis import Diagnosis, diagnose
from deployments.rules.new_pods import overdue_pod
from deployments.rules.pods import ContainerStatus, Event, Pod, Running, Terminated, Waiting, condition
from deployments.rules.problems import cut
from deployments.rules.wording import sentences
from deployments.rules.workloads import Workload, WorkloadKind, owned_pods

MOST_PODS = 20
_OVER = frozenset({"Failed", "Succeeded"})
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class PodState:
    """One pod as `kubectl get pods` lists it; `restarts` are those of all its containers."""

    name: str
    status: str
    restarts: int
    created_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class LogSource:
    """Whose last lines say most; `previous`: those of the run that ended before the present one."""

    pod: str
    container: str
    previous: bool


@dataclass(frozen=True, kw_only=True)
class Outage:
    """`reason` is a Diagnosis' name, empty where none fits; `pods` are the newest ones, at most 20."""

    reason: str
    message: str
    pods: tuple[PodState, ...]
    log: LogSource | None = None
    unexplained: str = ""
    """The uid of what events may explain: a pod, or, where there is none, the workload that creates it."""


def outage_of(
    deployment: Workload, pods: Iterable[Pod], events: Sequence[Event] = (), *, container: str, now: datetime
) -> Outage:
    """What keeps a Deployment that wants pods and has none ready, as far as its pods and their `events` show."""
    own = sorted(
        owned_pods(deployment, pods), key=lambda pod: (pod.created_at or _NEVER, pod.name), reverse=True
    )
    there = [pod for pod in own if pod.phase not in _OVER and not pod.is_terminating]
    problem = diagnose(there, events, now=now)
    message = problem.message if problem else _message(deployment, own, there, container=container, now=now)
    return Outage(
        reason=problem.reason if problem else "",
        message=sentences(message),
        pods=tuple(_state(pod) for pod in own[:MOST_PODS]),
        log=_log(there or own, problem, container=container),
        unexplained="" if problem else there[0].uid if there else _maker(deployment),
    )


def _maker(workload: Workload) -> str:
    """Its uid where it makes its pods itself; a Deployment's ReplicaSets do, and its conditions say so."""
    return workload.uid if workload.kind in {WorkloadKind.STATEFUL_SET, WorkloadKind.DAEMON_SET} else ""


def _state(pod: Pod) -> PodState:
    return PodState(
        name=pod.name,
        status=cut(pod_status(pod)),
        restarts=sum(each.restarts for each in pod.statuses.values()),
        created_at=pod.created_at,
    )


def pod_status(pod: Pod) -> str:
    """The word under STATUS: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase."""
    if pod.is_terminating:
        return "Terminating"
    for number, spec in enumerate(pod.init_containers):
        status = pod.statuses.get(spec.name) or ContainerStatus(name=spec.name)
        if not _is_past(status, is_sidecar=spec.is_sidecar):
            word = _word(status)
            return f"Init:{word}" if word else f"Init:{number}/{len(pod.init_containers)}"
    words = (_word(pod.statuses[spec.name]) for spec in pod.containers if spec.name in pod.statuses)
    return next((word for word in words if word), pod.reason or pod.phase or "Unknown")


def _is_past(status: ContainerStatus, *, is_sidecar: bool) -> bool:
    """Whether an init container lets the next one begin."""
    if isinstance(status.state, Terminated) and status.state.exit_code == 0:
        return True
    return is_sidecar and bool(status.is_started)


def _word(status: ContainerStatus) -> str:
    match status.state:
        case Waiting(reason=reason):
            return "" if reason == "PodInitializing" else reason
        case Terminated(reason=reason, exit_code=code):
            return reason or f"ExitCode:{code}"
    return ""


def _message(
    deployment: Workload, own: Sequence[Pod], there: Sequence[Pod], *, container: str, now: datetime
) -> str:
    """What is known where nothing of the pods' containers is wrong."""
    refused = condition(deployment.conditions, "ReplicaFailure")
    if there:
        return _unready(there[0], container)
    if refused and refused.status == "True":
        return f"The cluster refuses to create pods: {cut(refused.message)}"
    if overdue := overdue_pod(own, now=now):
        return overdue
    over = next((pod for pod in own if pod.phase in _OVER), None)
    if over:
        why = cut(over.message) or "no reason given"
        return f"Its last pod ended as {over.reason or over.phase}: {why}"
    return "There is no pod, and the cluster does not say why"


def _unready(pod: Pod, container: str) -> str:
    status = pod.statuses.get(container) or ContainerStatus(name=container)
    if isinstance(status.state, Waiting):
        why = f": {cut(status.state.message)}" if status.state.message else ""
        return f"“{container}” has not started: {status.state.reason or pod.phase or 'no reason given'}{why}"
    ready = condition(pod.conditions, "Ready")
    why = cut(ready.message) if ready else ""
    return f"“{container}” runs, and its pod is not ready: {why or 'no reason given'}"


def _log(pods: Sequence[Pod], problem: Diagnosis | None, *, container: str) -> LogSource | None:
    """None where no container has run: there is nothing to read."""
    if problem and problem.container and not problem.has_log:
        return None
    name = problem.container if problem and problem.container else container
    named = [pod for pod in pods if problem and pod.name == problem.pod]
    for pod in named or pods:
        status = pod.statuses.get(name)
        if status and (status.last_ended or not isinstance(status.state, Waiting)):
            previous = isinstance(status.state, Running) and status.last_ended is not None
            return LogSource(pod=pod.name, container=name, previous=previous)
    return None
