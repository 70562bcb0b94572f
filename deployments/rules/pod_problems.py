"""What keeps a whole pod from running, or from being created: its node, its volumes, its network, its readiness gates, a quota."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from deployments.rules.pods import Condition, ContainerStatus, Event, Pod, Running, Waiting, condition
from deployments.rules.problems import CONFIG_SECONDS, PENDING_SECONDS, Problem, cut, is_retried, last_at
from deployments.rules.wording import sentences

_SANDBOX = frozenset({"FailedCreatePodSandBox", "NetworkNotReady"})
_MOUNT = frozenset({"FailedMount", "FailedAttachVolume"})
_CONTAINERS_BEGIN = frozenset({"Pulling", "Pulled", "Created", "Started"})
# What must have happened before: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-has-network.
_CONTRADICTED_BY = {
    "FailedAttachVolume": _CONTAINERS_BEGIN | _SANDBOX | {"SuccessfulAttachVolume"},
    "FailedMount": _CONTAINERS_BEGIN | _SANDBOX,
    "FailedCreatePodSandBox": _CONTAINERS_BEGIN | {"AddedInterface"},
    "NetworkNotReady": _CONTAINERS_BEGIN | {"AddedInterface"},
}
_MISSING = re.compile(r"not found|couldn't find|non-existent|does not exist", re.IGNORECASE)


def pod_problems(pod: Pod, events: Sequence[Event]) -> Iterator[Problem]:
    """What is wrong with the pod itself; `events` are its own, the latest first."""
    scheduled = condition(pod.conditions, "PodScheduled")
    if scheduled and scheduled.status == "False":
        message = sentences(f"No node takes the pod: {cut(scheduled.message) or 'no reason given'}")
        yield Problem("unschedulable", message, PENDING_SECONDS, scheduled.changed_at)
    if pod.phase == "Pending" and not _has_begun(pod):
        standing = [each for each in events if not _is_contradicted(each, events)]
        yield from _mount_problems(standing)
        yield from _sandbox_problems(standing)
    if gates := _unready_by_itself(pod):
        yield gates


def refusals(events: Iterable[Event], pods: Iterable[Pod]) -> Iterator[Problem]:
    """What the ReplicaSet's controller says when the API server does not let it create pods, unless it has created one since."""
    made = max((pod.created_at for pod in pods if pod.created_at), default=None)
    for event in events:
        if event.reason != "FailedCreate" or (made and event.last_at and made > event.last_at):
            continue
        is_quota = "exceeded quota" in event.message
        stated = (
            "The namespace's quota leaves no room for a new pod"
            if is_quota
            else "The cluster refuses to create pods"
        )
        reason = "quota" if is_quota else "pods_refused"
        since = max((each for each in (event.first_at, made) if each), default=None)
        yield Problem(reason, sentences(f"{stated}: {cut(event.message)}"), PENDING_SECONDS, since)
        return


def _has_begun(pod: Pod) -> bool:
    """Whether its network and its volumes are there, so that containers are made."""
    has_sandbox = condition(pod.conditions, "PodReadyToStartContainers")
    quiet = {"", "ContainerCreating", "PodInitializing"}
    waits = (isinstance(each.state, Waiting) and each.state.reason in quiet for each in pod.statuses.values())
    return bool(has_sandbox and has_sandbox.status == "True") or not all(waits)


def _is_contradicted(event: Event, events: Iterable[Event]) -> bool:
    """Whether something came later that could not have come while that was wrong."""
    later = _CONTRADICTED_BY.get(event.reason, frozenset())
    at = last_at(each for each in events if each.reason in later)
    return bool(at and (event.last_at is None or at >= event.last_at))


def _mount_problems(events: Iterable[Event]) -> Iterator[Problem]:
    """What is missing comes first: the kubelet's timeouts follow from it."""
    problems = [_mount_problem(each) for each in events if each.reason in _MOUNT]
    yield from sorted(problems, key=lambda each: each.reason != "config_error")[:1]


def _mount_problem(event: Event) -> Problem:
    since = event.first_at
    if is_retried(event.message) or event.reason == "FailedAttachVolume":
        message = f"A volume of the pod is not ready yet: {cut(event.message)}"
        return Problem("volume", sentences(message, "The cluster retries automatically"), None, since)
    if _MISSING.search(event.message):
        message = f"A volume of the pod is not there: {cut(event.message)}"
        advice = "Create what is missing, or correct its name"
        return Problem("config_error", sentences(message, advice), CONFIG_SECONDS, since)
    message = sentences(f"A volume of the pod cannot be mounted: {cut(event.message)}")
    return Problem("volume", message, PENDING_SECONDS, since)


def _sandbox_problems(events: Iterable[Event]) -> Iterator[Problem]:
    for event in events:
        if event.reason in _SANDBOX:
            message = sentences(f"The pod cannot start: {cut(event.message)}")
            yield Problem("sandbox", message, PENDING_SECONDS, event.first_at)
            return


def _unready_by_itself(pod: Pod) -> Problem | None:
    """A pod that is not ready though its containers are, as with a readiness gate: by its own conditions."""
    ready = condition(pod.conditions, "Ready")
    if (
        ready is None
        or ready.status == "True"
        or ready.reason in {"ContainersNotReady", "PodCompleted", "PodFailed"}
    ):
        return None
    reported = [pod.statuses.get(each.name) for each in pod.containers]
    if not reported or not all(each and each.is_ready for each in reported):
        return None
    stated = cut(ready.message) or ready.reason or "no reason given"
    gates = (condition(pod.conditions, each) for each in pod.readiness_gates)
    words = [_stated(each) for each in gates if each and each.status != "True"]
    message = sentences(f"The pod's containers are ready, but the pod is not: {stated}", *words)
    return Problem("readiness_gate", message, PENDING_SECONDS, _containers_ready_since(pod, reported))


def _stated(gate: Condition) -> str:
    """What the gate's own controller says about it."""
    return (
        ": ".join(part for part in (gate.type, gate.reason, cut(gate.message)) if part)
        if gate.reason or gate.message
        else ""
    )


def _containers_ready_since(pod: Pod, statuses: Iterable[ContainerStatus | None]) -> datetime | None:
    ready, whole = condition(pod.conditions, "ContainersReady"), condition(pod.conditions, "Ready")
    known = [each.changed_at for each in (ready, whole) if each and each.changed_at]
    started = (each.state.started_at for each in statuses if each and isinstance(each.state, Running))
    return max(known or [each for each in started if each], default=None)
