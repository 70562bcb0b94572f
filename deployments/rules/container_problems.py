"""What one container's status says is wrong with it, in words, and since when.

The reasons are the kubelet's: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-states. One that is
not known here is shown as it is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from deployments.rules.image_pulls import PULL_REASONS, pull_problem
from deployments.rules.pods import ContainerSpec, ContainerStatus, Event, Running, Terminated, Waiting
from deployments.rules.problems import (
    CONFIG_SECONDS,
    PENDING_SECONDS,
    START_SECONDS,
    Problem,
    cut,
    first_at,
    is_retried,
)
from deployments.rules.wording import counted, sentences

_CONFIG = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "PreCreateHookError", "RunContainerError"}
)
_STARTING = frozenset({"", "ContainerCreating", "PodInitializing"})
_CRASHED = "CrashLoopBackOff"
_MISSING = re.compile(r"not found|couldn't find|non-existent|does not exist|no such", re.IGNORECASE)
_FORBIDDEN = re.compile(r"run as root|runAsNonRoot|non-root|permission denied", re.IGNORECASE)
_LONGEST_BACK_OFF_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Container:
    """One container of a pod: its spec, its status, and what events say of it, the latest first."""

    spec: ContainerSpec
    status: ContainerStatus
    events: Sequence[Event] = ()
    began_at: datetime | None = None
    """When it was its turn: the pod was on its node, and the init containers before it had ended."""
    unready_since: datetime | None = None
    """When the pod was last ready, or made."""

    @property
    def called(self) -> str:
        return f"“{self.spec.name}”"


def problem_of(container: Container) -> Problem | None:
    """What keeps the container from being ready, or None when nothing is wrong or it is still starting."""
    state = container.status.state
    if isinstance(state, Waiting) and state.reason not in _STARTING | {_CRASHED}:
        return _kept_waiting(container, state)
    if ended := _ended(container):
        problem = _crash(container, ended)
        # This run may be the one that becomes ready: only its end can show that it is not.
        return replace(problem, threshold_seconds=None) if isinstance(state, Running) else problem
    if isinstance(state, Waiting) and state.reason == _CRASHED:
        return _unknown(container, state)
    if isinstance(state, Running) and not container.status.is_ready:
        return _unready(container, state)
    return None


def init_problem_of(container: Container) -> Problem | None:
    """The same of an init container, which may end, but not fail."""
    state = container.status.state
    is_done = isinstance(state, Terminated) and state.exit_code == 0
    problem = None if is_done else problem_of(container)
    if problem is None:
        return None
    return replace(problem, reason="init_container", message=_of_init(problem.message))


def _of_init(message: str) -> str:
    if message.startswith("Container "):
        return f"Init {message[0].lower()}{message[1:]}"
    return f"Its init container fails: {message}"


def _kept_waiting(container: Container, waiting: Waiting) -> Problem:
    if waiting.reason in PULL_REASONS:
        return pull_problem(container.spec.image, waiting, container.events)
    return _config(container, waiting) if waiting.reason in _CONFIG else _unknown(container, waiting)


def _config(container: Container, waiting: Waiting) -> Problem:
    stated = f"{container.called} cannot start: {_stated(waiting)}"
    since = first_at(_told_of_config(container))
    if is_retried(waiting.message):
        return Problem("config_error", sentences(stated, "The cluster retries automatically"), None, since)
    lacks = _MISSING.search(waiting.message) and not _FORBIDDEN.search(waiting.message)
    advice = "Create what is missing, or correct its name" if lacks else ""
    return Problem("config_error", sentences(stated, advice), CONFIG_SECONDS, since)


def _told_of_config(container: Container) -> Iterator[Event]:
    return (
        each
        for each in container.events
        if each.reason == "Failed" and each.message.startswith("Error: ") and "Image" not in each.message
    )


def _unknown(container: Container, waiting: Waiting) -> Problem:
    """Whatever else the kubelet waits for, in its own words, such as `ImageInspectError`."""
    words = f": {cut(waiting.message)}" if waiting.message else ""
    message = sentences(f"{container.called} cannot start: {waiting.reason}{words}")
    warnings = (each for each in container.events if each.type == "Warning" or each.reason == "Failed")
    return Problem("waiting", message, PENDING_SECONDS, first_at(warnings))


def _ended(container: Container) -> Terminated | None:
    """How its process ended, now or the last time, unless it has become ready since."""
    if container.status.is_ready:
        return None
    state = container.status.state
    return state if isinstance(state, Terminated) else container.status.last_ended


def _crash(container: Container, ended: Terminated) -> Problem:
    times = container.status.restarts
    restarted = f", restarted {'once' if times == 1 else f'{times} times'}" if times else ""
    since = _crashing_since(container, ended)
    if ended.reason == "OOMKilled":
        limit = container.spec.memory_limit
        of = f" (its limit is {limit})" if limit else ""
        message = f"{container.called} ran out of memory{of}{restarted}. Raise its limit, or roll back."
        return Problem("out_of_memory", message, START_SECONDS, since)
    for kind in _ended_by_probe(container):
        if probe := _probe(container, kind, since=ended.started_at):
            message = f"{container.called} does not pass its {kind.lower()} probe{restarted}: {probe[0]}"
            return Problem(kind.lower(), sentences(message), START_SECONDS, since)
    if ended.reason in {"StartError", "ContainerCannotRun"}:
        message = sentences(f"{container.called} cannot start: {_stated(ended)}")
        return Problem("crash", message, START_SECONDS, since)
    return Problem("crash", f"{_crashed(container, ended)}. Read its log.", START_SECONDS, since)


def _crashed(container: Container, ended: Terminated) -> str:
    times, code = container.status.restarts, f"exit code {ended.exit_code}"
    if not times:
        return f"Container {container.called} {'crashed' if ended.exit_code else 'exited'} ({code})"
    keeps = "crashing" if ended.exit_code else "exiting"
    return f"Container {container.called} keeps {keeps} ({code}, {counted(times, 'restart')})"


def _ended_by_probe(container: Container) -> Iterator[str]:
    """The kinds of probe that may have ended it; while a startup probe fails, the process may as well end by its own fault."""
    yield "Liveness"
    if any(each.reason == "Killing" and "failed startup probe" in each.message for each in container.events):
        yield "Startup"


def _crashing_since(container: Container, ended: Terminated) -> datetime | None:
    """When it first ended since the pod was last ready: by the back-off's first event, or counted back from the last end.

    The first restart comes at once, and the next ones after 10, 20, 40… seconds.
    """
    if ended.finished_at is None:
        return None
    waits = (
        min(_LONGEST_BACK_OFF_SECONDS, 10 * 2**number)
        for number in range(min(container.status.restarts, 60) - 1)
    )
    known = [ended.finished_at - timedelta(seconds=sum(waits))]
    known += [each.first_at for each in container.events if _is_back_off(each) and each.first_at]
    bounds = (min(known), container.began_at, container.unready_since)
    return max(each for each in bounds if each)


def _is_back_off(event: Event) -> bool:
    return event.reason == "BackOff" and "restarting failed container" in event.message


def _unready(container: Container, running: Running) -> Problem | None:
    for kind in _probed(container.status):
        if probe := _probe(container, kind, since=running.started_at):
            words, failing_since = probe
            message = f"{container.called} runs and does not pass its {kind.lower()} probe: {words}"
            bounds = [each for each in (failing_since, running.started_at, container.unready_since) if each]
            allowed = max(PENDING_SECONDS, _allowed_seconds(container.spec, kind))
            return Problem(kind.lower(), sentences(message), allowed, max(bounds, default=None))
    return None


def _probed(status: ContainerStatus) -> Sequence[str]:
    """The kinds of probe that can fail now: until the startup probe has passed, there is no other."""
    match status.is_started:
        case False:
            return ("Startup",)
        case True:
            return ("Readiness", "Liveness")
    return ("Readiness", "Startup", "Liveness")


def _allowed_seconds(spec: ContainerSpec, kind: str) -> int:
    probes = {
        "Readiness": spec.readiness_probe,
        "Startup": spec.startup_probe,
        "Liveness": spec.liveness_probe,
    }
    probe = probes[kind]
    return probe.patience_seconds if probe else 0


def _probe(container: Container, kind: str, *, since: datetime | None) -> tuple[str, datetime | None] | None:
    """What the latest failing probe of that kind said in the run that began then, and when the first one failed."""
    start = re.compile(rf"{kind} probe (?:failed|errored)(?: and resulted in unknown state)?(?:: )?")
    found = [
        each
        for each in container.events
        if start.match(each.message) and not (since and each.last_at and each.last_at < since)
    ]
    if not found:
        return None
    return cut(start.sub("", found[0].message, count=1)) or "it failed", first_at(found)


def _stated(state: Waiting | Terminated) -> str:
    return cut(state.message) or "no reason given"
