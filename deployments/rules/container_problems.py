"""What one container's status says is wrong with it, in words.

The reasons are the kubelet's: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-states.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from deployments.rules.pods import ContainerSpec, ContainerStatus, Running, Terminated, Waiting
from deployments.rules.wording import printable, sentences

_PULL = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}
)
_CONFIG = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "PreCreateHookError", "RunContainerError"}
)
_DENIED = re.compile(
    r"denied|unauthorized|authorization failed|authentication required|forbidden|\b40[13]\b", re.IGNORECASE
)
_ABSENT = re.compile(r"not found|manifest unknown|does not exist|name unknown", re.IGNORECASE)
_LONGEST_MESSAGE = 300


@dataclass(frozen=True)
class Problem:
    """A reason's name, and the sentence that says it; `threshold_seconds` is for how long it may yet pass by itself."""

    reason: str
    message: str
    threshold_seconds: int
    container: str = ""
    unpulled: str = ""
    """An image that the registry should be asked for."""


@dataclass(frozen=True, kw_only=True)
class Container:
    """One container of a pod: its spec, its status, and what events say of its pod, the latest first."""

    spec: ContainerSpec
    status: ContainerStatus
    messages: Sequence[str] = ()

    @property
    def called(self) -> str:
        return f"“{self.spec.name}”"


def problem_of(container: Container) -> Problem | None:
    """What keeps the container from being ready, or None when nothing is wrong or it is still starting."""
    state = container.status.state
    if isinstance(state, Waiting) and state.reason in _PULL:
        return _pull(container, state)
    if isinstance(state, Waiting) and state.reason in _CONFIG:
        message = f"{container.called} cannot start: {_stated(state)}"
        return Problem("config_error", sentences(message, "Create what is missing, or correct its name"), 60)
    if ended := _ended(container):
        return _crash(container, ended)
    if isinstance(state, Running) and not container.status.is_ready:
        return _unready(container)
    return None


def init_problem_of(container: Container) -> Problem | None:
    """The same of an init container, which may end, but not fail."""
    state = container.status.state
    is_done = isinstance(state, Terminated) and state.exit_code == 0
    problem = None if is_done else problem_of(container)
    if problem is None:
        return None
    return replace(problem, reason="init_container", message=f"Its init container fails: {problem.message}")


def image_not_found(image: str) -> str:
    return f"The image {image} does not exist in its registry: build it, or deploy another commit."


def cut(message: str) -> str:
    """The message on one line, cut to a size that a page can show."""
    line = " ".join(printable(message).split()).removesuffix(".")
    return line if len(line) <= _LONGEST_MESSAGE else f"{line[:_LONGEST_MESSAGE]}…"


def _pull(container: Container, waiting: Waiting) -> Problem:
    image = container.spec.image
    cause = _cause(container, waiting.message)
    # containerd puts the image's name before each of its own steps; what the registry said comes last.
    cause = cause.rpartition(f'"{image}": ')[2]
    because = cause.replace(image, "")
    if waiting.reason == "InvalidImageName":
        return Problem("invalid_image", f"{image} is no image's name: correct the image template.", 60)
    if _DENIED.search(because):
        message = (
            f"The cluster may not pull {image}: give it access to the registry. It was told: {cut(cause)}"
        )
        return Problem("pull_denied", sentences(message), 120)
    if _ABSENT.search(because):
        return Problem("image_not_found", image_not_found(image), 120, unpulled=image)
    message = sentences(f"The cluster cannot pull {image}: {cut(cause) or 'no reason given'}")
    return Problem("pull_failed", message, 120, unpulled=image)


def _cause(container: Container, message: str) -> str:
    """While it backs off, older kubelets tell the cause in events only."""
    if not message.startswith("Back-off") or "ErrImagePull" in message:
        return message
    return next((each for each in container.messages if each.startswith("Failed to pull")), message)


def _ended(container: Container) -> Terminated | None:
    """How its process ended, now or the last time, unless it has become ready since."""
    if container.status.is_ready:
        return None
    state = container.status.state
    return state if isinstance(state, Terminated) else container.status.last_ended


def _crash(container: Container, ended: Terminated) -> Problem:
    times = container.status.restarts
    restarted = f", and was restarted {'once' if times == 1 else f'{times} times'}" if times else ""
    if ended.reason == "OOMKilled":
        limit = container.spec.memory_limit
        of = f" (its limit is {limit})" if limit else ""
        message = f"{container.called} ran out of memory{of}{restarted}: raise its limit, or roll back."
        return Problem("out_of_memory", message, 120)
    if probe := _probe(container, "Liveness"):
        message = f"{container.called} does not pass its liveness probe{restarted}: {probe}"
        return Problem("liveness", sentences(message), 120)
    if ended.reason in {"StartError", "ContainerCannotRun"}:
        return Problem("crash", sentences(f"{container.called} cannot start: {_stated(ended)}"), 120)
    message = f"{container.called} ended with exit code {ended.exit_code}{restarted}: read its log."
    return Problem("crash", message, 120)


def _unready(container: Container) -> Problem | None:
    for kind in ("Readiness", "Startup", "Liveness"):
        if probe := _probe(container, kind):
            message = f"{container.called} runs and does not pass its {kind.lower()} probe: {probe}"
            return Problem(kind.lower(), sentences(message), 600)
    return None


def _probe(container: Container, kind: str) -> str:
    """What the latest failing probe of that kind said, such as `HTTP probe failed with statuscode: 500`."""
    start = f"{kind} probe failed"
    found = next((each for each in container.messages if each.startswith(start)), "")
    return cut(found.removeprefix(start).lstrip(": ")) or ("it failed" if found else "")


def _stated(state: Waiting | Terminated) -> str:
    return cut(state.message) or "no reason given"
