"""A pod's containers, and what the kubelet reports of them: from the API server's JSON to what rules read.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Container
"""

from collections.abc import Iterator

from deployments.clients.cluster.fields import child, children, count, flag, integer, text, time
from deployments.clients.cluster.transport import Json
from deployments.rules.pods import (
    ContainerSpec,
    ContainerState,
    ContainerStatus,
    Probe,
    Running,
    Terminated,
    Waiting,
)

_STATUSES = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")


def containers(pod_spec: Json) -> tuple[ContainerSpec, ...]:
    return tuple(_container(each) for each in _named(pod_spec, "containers"))


def init_containers(pod_spec: Json) -> tuple[ContainerSpec, ...]:
    return tuple(_container(each, is_init=True) for each in _named(pod_spec, "initContainers"))


def statuses(status: Json) -> dict[str, ContainerStatus]:
    """What is reported of each container, by its name."""
    reported = (_status(each) for kind in _STATUSES for each in _named(status, kind))
    return {each.name: each for each in reported}


def _named(thing: Json, name: str) -> Iterator[Json]:
    return (each for each in children(thing, name) if text(each, "name"))


def _container(thing: Json, *, is_init: bool = False) -> ContainerSpec:
    return ContainerSpec(
        name=text(thing, "name"),
        image=text(thing, "image"),
        image_pull_policy=text(thing, "imagePullPolicy"),
        is_init=is_init,
        is_sidecar=is_init and text(thing, "restartPolicy") == "Always",
        memory_limit=text(child(thing, "resources", "limits"), "memory"),
        startup_probe=_probe(thing, "startupProbe"),
        liveness_probe=_probe(thing, "livenessProbe"),
        readiness_probe=_probe(thing, "readinessProbe"),
    )


def _probe(container: Json, name: str) -> Probe | None:
    probe = child(container, name)
    if not probe:
        return None
    return Probe(
        initial_delay_seconds=count(probe, "initialDelaySeconds"),
        period_seconds=count(probe, "periodSeconds") or 10,
        timeout_seconds=count(probe, "timeoutSeconds") or 1,
        failure_threshold=count(probe, "failureThreshold") or 3,
    )


def _status(thing: Json) -> ContainerStatus:
    started = thing.get("started")
    return ContainerStatus(
        name=text(thing, "name"),
        image=text(thing, "image"),
        image_id=text(thing, "imageID"),
        is_ready=flag(thing, "ready"),
        is_started=started if isinstance(started, bool) else None,
        restarts=count(thing, "restartCount"),
        state=_state(child(thing, "state")),
        last_ended=_terminated(child(thing, "lastState")),
    )


def _state(state: Json) -> ContainerState:
    """Exactly one of three is there, and a container of which nothing is said is waiting."""
    if ended := _terminated(state):
        return ended
    if isinstance(state.get("running"), dict):
        return Running(started_at=time(child(state, "running"), "startedAt"))
    waiting = child(state, "waiting")
    return Waiting(reason=text(waiting, "reason"), message=text(waiting, "message"))


def _terminated(state: Json) -> Terminated | None:
    if not isinstance(state.get("terminated"), dict):
        return None
    ended = child(state, "terminated")
    return Terminated(
        exit_code=integer(ended, "exitCode"),
        signal=integer(ended, "signal"),
        reason=text(ended, "reason"),
        message=text(ended, "message"),
        started_at=time(ended, "startedAt"),
        finished_at=time(ended, "finishedAt"),
    )
