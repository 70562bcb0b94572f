"""A Job that runs before a rollout, and whether it is done: https://kubernetes.io/docs/concepts/workloads/controllers/job/."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from deployments.rules.pods import Condition, Owner, Pod, condition
from deployments.rules.wording import counted, sentences
from deployments.rules.workloads import Template


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
        tries = f"{counted(job.failed, 'pod')} failed so far, of at most {job.backoff_limit + 1}"
        return JobState(JobPhase.RUNNING, f"{name} is running: {tries}.")
    return JobState(JobPhase.RUNNING, f"{name} is running." if job.active else f"{name} has no pod yet.")


def job_pods(job: Job, pods: Iterable[Pod]) -> list[Pod]:
    """The Job's own among `pods`, in their order."""
    return [pod for pod in pods if pod.controller and pod.controller.uid == job.uid]


def _has(job: Job, kind: str) -> bool:
    found = condition(job.conditions, kind)
    return found is not None and found.status == "True"
