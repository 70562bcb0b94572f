"""A Job that runs before a rollout, and whether it is done: https://kubernetes.io/docs/concepts/workloads/controllers/job/."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from deployments.rules.diagnosis import RolloutTimes, diagnose, pulls_under_way
from deployments.rules.pods import Condition, Event, Owner, Pod, Terminated, condition, is_active
from deployments.rules.wording import counted, sentences
from deployments.rules.workloads import Template

_NO_BACKOFF_LIMIT = 2**31 - 1
"""What the API server writes where each index of a Job has its own limit."""


class JobPhase(StrEnum):
    """How far a Job is. COMPLETE and FAILED are ends."""

    RUNNING = "running"
    SUSPENDED = "suspended"
    COMPLETE = "complete"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """`active`, `succeeded` and `failed` count its pods; a pod that failed is replaced up to `backoff_limit` times."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    created_at: datetime | None = None
    is_terminating: bool = False
    """It is being deleted."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    owners: Sequence[Owner] = ()
    backoff_limit: int = 6
    is_suspended: bool = False
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    conditions: Sequence[Condition] = ()
    template: Template = field(default_factory=Template)


@dataclass(frozen=True)
class JobState:
    """A judgement and its sentence."""

    phase: JobPhase
    message: str


def judge_job(job: Job) -> JobState:
    """Whether the Job is done, by its conditions: counts alone do not say that no pod follows."""
    name = f"Job {job.name}"
    if _has(job, "Complete"):
        return JobState(JobPhase.COMPLETE, f"{name} has completed.")
    failed = condition(job.conditions, "Failed")
    if failed and failed.status == "True":
        why = failed.message or failed.reason or "no reason given"
        return JobState(JobPhase.FAILED, sentences(f"{name} has failed: {why}"))
    if job.is_terminating:
        return JobState(JobPhase.FAILED, f"{name} is being deleted in the cluster before it has completed.")
    if job.is_suspended or _has(job, "Suspended"):
        return JobState(JobPhase.SUSPENDED, f"{name} is suspended in the cluster and starts no pods.")
    if job.failed:
        most = f", of at most {job.backoff_limit + 1}" if job.backoff_limit < _NO_BACKOFF_LIMIT else ""
        tries = f"{counted(job.failed, 'pod')} failed so far{most}"
        return JobState(JobPhase.RUNNING, f"{name} is running: {tries}.")
    return JobState(JobPhase.RUNNING, f"{name} is running." if job.active else f"{name} has no pod yet.")


def job_pods(job: Job, pods: Iterable[Pod]) -> list[Pod]:
    """The Job's own among `pods`, in their order."""
    return [pod for pod in pods if pod.controller and pod.controller.uid == job.uid]


def what_keeps(pods: Sequence[Pod], events: Iterable[Event], *, since: datetime, now: datetime) -> str:
    """What keeps a Job that has run since then from completing, as far as its pods and their `events` show; empty where nothing is known."""
    there = [pod for pod in pods if is_active(pod)]
    if any(_completed(pod) for pod in there):
        return next((_still_runs(pod) for pod in there if _completed(pod)), "")
    seen = list(events)
    problem = diagnose(there, seen, now=now, times=RolloutTimes(patched_at=since))
    return problem.message if problem else pulls_under_way(there, seen, now=now)


def _completed(pod: Pod) -> list[str]:
    """The names of its containers that have done their work."""
    states = {name: status.state for name, status in pod.statuses.items()}
    ended = ((each.name, states.get(each.name)) for each in pod.containers)
    return [name for name, state in ended if isinstance(state, Terminated) and state.exit_code == 0]


def _still_runs(pod: Pod) -> str:
    """A sidecar that is an ordinary container keeps its Job from completing.

    https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#jobs-with-sidecar-containers
    """
    done = _completed(pod)
    left = [each.name for each in pod.containers if each.name not in done]
    if not left:
        return ""
    names = ", ".join(f"“{name}”" for name in done)
    return f"{names} has completed, and the Job waits for {', '.join(f'“{name}”' for name in left)}."


def _has(job: Job, kind: str) -> bool:
    found = condition(job.conditions, kind)
    return found is not None and found.status == "True"
