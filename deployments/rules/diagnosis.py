"""Why the pods of a new image do not get ready: one sentence, and whether waiting longer can still help.

How long each reason may pass by itself (image pulls 120 s, crashes 120 s, configuration 60 s, pending 600 s) is what
Gimlet found to fit; a registry's short trouble looks just like an image that is missing (krane #477).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from deployments.rules.container_problems import (
    Container,
    Problem,
    cut,
    image_not_found,
    init_problem_of,
    problem_of,
)
from deployments.rules.times import parse_time
from deployments.rules.wording import sentences
from deployments.rules.workloads import KubernetesObject, condition, runs_image

_PENDING_SECONDS = 600
_CONFIG_SECONDS = 60
_NEVER_RAN = frozenset({"image_not_found", "pull_denied", "pull_failed", "invalid_image", "config_error"})


@dataclass(frozen=True)
class Diagnosis:
    """`reason` is a name for programs, `message` is for people; `certain` means: stop waiting.

    Reasons: image_not_found, pull_denied, pull_failed, invalid_image, config_error, crash, out_of_memory, liveness,
    readiness, startup, unschedulable, quota, pods_refused, init_container.
    """

    reason: str
    message: str
    certain: bool
    pod: str = ""
    container: str = ""
    """Where the trouble is; empty where it is in no container."""
    unpulled: str = ""
    """The image that could not be pulled, for no reason that the registry could not better tell."""

    @property
    def has_log(self) -> bool:
        """Whether what the container printed may say more."""
        return bool(self.container) and self.reason not in _NEVER_RAN


def diagnose(
    pods: Sequence[KubernetesObject],
    events: Sequence[KubernetesObject],
    *,
    container: str,
    image: str,
    now: datetime,
) -> Diagnosis | None:
    """The worst that is wrong with the pods that run `image` in that container, or None while nothing is.

    `events` are those of these pods and of their ReplicaSet; what is certain comes before what may pass.
    """
    latest_first = sorted(events, key=_last_seen_at, reverse=True)
    new = [pod for pod in pods if runs_image(pod, container=container, image=image)]
    found = [each for pod in new for each in _diagnoses(pod, latest_first, now=now)]
    found += _refusals(latest_first, now=now)
    return next((each for each in found if each.certain), found[0] if found else None)


def after_asking_the_registry(problem: Diagnosis, answer: bool | str | None) -> Diagnosis:
    """The same trouble, once its registry has said whether it has the image.

    `answer` is None while it is on its way, and a sentence where the registry cannot be asked: both are no reason to give
    up. Only a registry that lacks the image makes it certain (krane #477).
    """
    match answer:
        case False:
            message = image_not_found(problem.unpulled)
            return replace(problem, reason="image_not_found", message=message)
        case True:
            answer_text = f"The registry has {problem.unpulled}, and the cluster cannot pull it yet: it tries again by itself."
            return replace(problem, reason="pull_failed", message=answer_text, certain=False)
        case str():
            answer_text = f"The cluster cannot pull {problem.unpulled}, and whether it exists cannot be asked"
            return replace(
                problem, message=sentences(f"{answer_text}: {answer or 'no answer'}"), certain=False
            )
    return replace(problem, certain=False)


def _diagnoses(
    pod: KubernetesObject, events: Sequence[KubernetesObject], *, now: datetime
) -> Iterator[Diagnosis]:
    stated = [event for event in events if _is_about(event, pod)]
    scheduled = condition(pod, "PodScheduled") or {}
    since = parse_time(scheduled.get("lastTransitionTime")) or parse_time(
        pod["metadata"].get("creationTimestamp")
    )
    for problem in _problems(pod, stated, scheduled):
        age = now - since if since else timedelta(0)
        yield Diagnosis(
            reason=problem.reason,
            message=problem.message,
            certain=age >= timedelta(seconds=problem.threshold_seconds),
            pod=pod["metadata"].get("name") or "",
            container=problem.container,
            unpulled=problem.unpulled,
        )


def _problems(
    pod: KubernetesObject, events: Sequence[KubernetesObject], scheduled: KubernetesObject
) -> Iterator[Problem]:
    if scheduled.get("status") == "False":
        message = cut(scheduled.get("message") or "") or "no reason given"
        yield Problem("unschedulable", sentences(f"No node takes the pod: {message}"), _PENDING_SECONDS)
    messages = [str(event.get("message") or "") for event in events]
    status = pod.get("status") or {}
    for kind, judge in (("initContainers", init_problem_of), ("containers", problem_of)):
        key = "initContainerStatuses" if kind == "initContainers" else "containerStatuses"
        statuses = {each["name"]: each for each in status.get(key) or []}
        for spec in pod["spec"].get(kind) or []:
            one = Container(spec=spec, status=statuses.get(spec["name"]) or {}, messages=messages)
            if problem := judge(one):
                yield replace(problem, container=spec["name"])
    if status.get("phase") == "Pending":
        yield from _mount_problems(events)


def _mount_problems(events: Sequence[KubernetesObject]) -> Iterator[Problem]:
    for event in events:
        if event.get("reason") in {"FailedMount", "FailedAttachVolume"}:
            answer_text = f"A volume of the pod is not there: {cut(event.get('message') or '')}"
            yield Problem(
                "config_error",
                sentences(answer_text, "Create what is missing, or correct its name"),
                _CONFIG_SECONDS,
            )
            return


def _refusals(events: Sequence[KubernetesObject], *, now: datetime) -> Iterator[Diagnosis]:
    """What the ReplicaSet's controller says when the API server does not let it create pods."""
    for event in events:
        if event.get("reason") != "FailedCreate":
            continue
        message = event.get("message") or ""
        is_quota = "exceeded quota" in message
        answer_text = (
            "The namespace's quota leaves no room for a new pod"
            if is_quota
            else "The cluster refuses to create pods"
        )
        since = parse_time(event.get("firstTimestamp") or event.get("eventTime"))
        yield Diagnosis(
            reason="quota" if is_quota else "pods_refused",
            message=sentences(f"{answer_text}: {cut(message)}"),
            certain=since is not None and now - since >= timedelta(seconds=_PENDING_SECONDS),
        )
        return


def _is_about(event: KubernetesObject, pod: KubernetesObject) -> bool:
    return bool((event.get("involvedObject") or {}).get("uid") == pod["metadata"].get("uid"))


def _last_seen_at(event: KubernetesObject) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event.get("firstTimestamp") or "")
