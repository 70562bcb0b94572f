"""Why the pods of a new image do not become ready: one sentence, and whether waiting longer can still help.

A registry's short trouble looks just like an image that is missing (krane #477). What lay there before the patch is not this
Deploy's: neither pods that were left behind, nor events that have not been seen since.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from deployments.rules.container_problems import Container, init_problem_of, problem_of
from deployments.rules.image_pulls import image_not_found, pulling_since
from deployments.rules.pod_problems import pod_problems, refusals
from deployments.rules.pods import (
    ContainerStatus,
    Event,
    Pod,
    Running,
    Terminated,
    Waiting,
    condition,
    is_active,
)
from deployments.rules.problems import Problem
from deployments.rules.times import CLOCKS_DIFFER
from deployments.rules.wording import duration, sentences

_NEVER_RAN = frozenset(
    {"image_not_found", "pull_denied", "pull_failed", "invalid_image", "config_error", "waiting"}
)
_CRASHES = frozenset({"crash", "out_of_memory", "liveness", "init_container"})
_NEVER = datetime.min.replace(tzinfo=UTC)
_WORTH_SAYING = timedelta(minutes=1)


@dataclass(frozen=True)
class Diagnosis:
    """`reason` is a name for programs, `message` is for people; `certain` means: stop waiting.

    Reasons: image_not_found, pull_denied, pull_failed, invalid_image, config_error, crash, out_of_memory, liveness,
    readiness, startup, readiness_gate, waiting, volume, sandbox, unschedulable, quota, pods_refused, init_container.
    """

    reason: str
    message: str
    certain: bool
    pod: str = ""
    container: str = ""
    """Where the problem is; empty where it is in no container."""
    unpulled: str = ""
    """The image that could not be pulled, for a reason that the registry may explain better."""
    cause: str = ""
    """Why it could not be pulled, in the kubelet's words."""

    @property
    def has_log(self) -> bool:
        """Whether what the container printed may say more."""
        return bool(self.container) and self.reason not in _NEVER_RAN

    @property
    def has_crashed(self) -> bool:
        """Whether a container has ended that was to run on, or to do its work."""
        return self.has_log and self.reason in _CRASHES


@dataclass(frozen=True, kw_only=True)
class RolloutTimes:
    """From when a rollout's problems count, and what its timeouts are."""

    patched_at: datetime | None = None
    recorded_at: datetime | None = None
    """The same by the cluster's clock, which its events go by, where that is known."""
    progressed_at: datetime | None = None
    """When it last moved on: what waits for something outside its pods has time from then."""
    deadline_seconds: int = 0
    """What its Deployment allows between two steps, if that is more than usual."""


NO_TIMES = RolloutTimes()


def diagnose(
    pods: Iterable[Pod],
    events: Iterable[Event],
    *,
    now: datetime,
    times: RolloutTimes = NO_TIMES,
) -> Diagnosis | None:
    """The worst that is wrong with a rollout's new pods, or None while nothing is.

    `events` are those of these pods and of their ReplicaSet; what is certain comes before what may pass. How the pods' images are
    spelt says nothing: admission may rewrite each pod's otherwise.
    """
    new = [pod for pod in pods if is_active(pod)]
    counted = _latest_first(events, times)
    found = [
        _diagnosis(problem, times, pod=pod, now=now)
        for pod in new
        for problem in _problems(pod, [each for each in counted if each.uid == pod.uid])
    ]
    found += [_diagnosis(each, times, now=now) for each in refusals(counted, new)]
    return next((each for each in found if each.certain), found[0] if found else None)


def pulls_under_way(pods: Iterable[Pod], events: Iterable[Event], *, now: datetime) -> str:
    """The sentence that says since when a new pod's image is being pulled, where that takes long; else empty."""
    all_events = list(events)
    for pod in pods:
        if not is_active(pod):
            continue
        for spec in (*pod.init_containers, *pod.containers):
            state = pod.statuses.get(spec.name, ContainerStatus(name=spec.name)).state
            since = pulling_since(
                [each for each in all_events if each.uid == pod.uid and each.container == spec.name]
            )
            if isinstance(state, Waiting) and since and now - since >= _WORTH_SAYING:
                return f"The image of “{spec.name}” is being pulled, for {duration(now - since)} so far."
    return ""


def after_asking_the_registry(problem: Diagnosis, answer: bool | str | None) -> Diagnosis:
    """The same problem, once its registry has said whether it has the image.

    `answer` is None while it is on its way, and a sentence where the registry cannot be asked: both are no reason to give
    up. Only a registry that lacks the image makes it certain (krane #477); one that has it explains nothing, so the kubelet's
    words stay.
    """
    if answer is None:
        return replace(problem, certain=False)
    if answer is False:
        return replace(problem, reason="image_not_found", message=image_not_found(problem.unpulled))
    stated = sentences(f"The cluster cannot pull {problem.unpulled}: {problem.cause or 'no reason given'}")
    if answer is True:
        message = f"{stated} The registry has it, and the cluster retries automatically."
        return replace(problem, reason="pull_failed", message=message, certain=False)
    message = sentences(stated, f"Whether the registry has it is not known: {answer or 'no answer'}")
    return replace(problem, message=message, certain=False)


def _latest_first(events: Iterable[Event], times: RolloutTimes) -> list[Event]:
    """Those seen since the patch: as far as the cluster's clock and ours agree, where it does not say when that was."""
    patched_at = times.recorded_at or times.patched_at
    since = patched_at - CLOCKS_DIFFER if patched_at else _NEVER
    counted = (each for each in events if each.last_at is None or each.last_at >= since)
    return sorted(counted, key=lambda each: each.last_at or _NEVER, reverse=True)


def _diagnosis(problem: Problem, times: RolloutTimes, *, now: datetime, pod: Pod | None = None) -> Diagnosis:
    began = problem.since or (_scheduled_at(pod) if pod else None)
    since = max((each for each in (began, _counts_from(problem, times)) if each), default=now)
    return Diagnosis(
        reason=problem.reason,
        message=problem.message,
        certain=bool(began) and now - since >= _allowed(problem, times),
        pod=pod.name if pod else "",
        container=problem.container,
        unpulled=problem.unpulled,
        cause=problem.cause,
    )


def _counts_from(problem: Problem, times: RolloutTimes) -> datetime | None:
    """After a rollback, a pod may have been failing for long: no Deploy's timeouts start before its patch."""
    return (times.progressed_at if problem.is_slow else None) or times.patched_at


def _allowed(problem: Problem, times: RolloutTimes) -> timedelta:
    if problem.threshold_seconds is None:
        return timedelta.max
    extended = times.deadline_seconds if problem.is_slow else 0
    return timedelta(seconds=max(problem.threshold_seconds, extended))


def _problems(pod: Pod, events: Sequence[Event]) -> Iterator[Problem]:
    """What is wrong with its node, with its containers, and with the rest of it, in this order."""
    of_pod = list(pod_problems(pod, events))
    yield from (each for each in of_pod if each.reason == "unschedulable")
    began = _scheduled_at(pod)
    unready = condition(pod.conditions, "Ready")
    for spec in (*pod.init_containers, *pod.containers):
        status = pod.statuses.get(spec.name) or ContainerStatus(name=spec.name)
        container = Container(
            spec=spec,
            status=status,
            events=[each for each in events if each.container in {"", spec.name}],
            began_at=began,
            unready_since=unready.changed_at if unready and unready.status != "True" else None,
        )
        judge = init_problem_of if spec.is_init and not spec.is_sidecar else problem_of
        if problem := judge(container):
            yield replace(problem, container=spec.name, since=problem.since or began)
        if spec.is_init:
            began = _ended_at(status) or began
    yield from (each for each in of_pod if each.reason != "unschedulable")


def _scheduled_at(pod: Pod) -> datetime | None:
    scheduled = condition(pod.conditions, "PodScheduled")
    return (scheduled.changed_at if scheduled else None) or pod.created_at


def _ended_at(status: ContainerStatus) -> datetime | None:
    """When the containers after an init container could begin."""
    match status.state:
        case Terminated(finished_at=finished_at):
            return finished_at
        case Running(started_at=started_at):
            return started_at
    return None
