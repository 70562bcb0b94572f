"""Watch all active rollouts to their ends: one follower, one LIST per namespace and look."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import transaction
from django_q.tasks import async_task

from deployments.cluster import Cluster, ClusterError
from deployments.locks import Lock, try_lock
from deployments.models import Deploy, Observation, Status
from deployments.operations.batch import tell_batches
from deployments.outside import Outside
from deployments.rules.diagnosis import Diagnosis, diagnose
from deployments.rules.rollouts import Phase, Rollout, judge_rollout
from deployments.rules.workloads import KubernetesObject, is_ready, owned_pods, runs_image

logger = logging.getLogger(__name__)
FOLLOWED = (Status.ROLLING_OUT, Status.VERIFYING)
HAND_OVER_SECONDS = 0.3
ASK_FOR_EVENTS_AFTER = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait for what."""

    stability: timedelta
    """New pods must stay ready for this long."""
    rollout: timedelta
    """After this long a rollout has timed out."""
    look_every_seconds: float = 1.5
    task: timedelta = field(default=timedelta(seconds=45))
    """One task's length; then it queues itself again."""


@dataclass(frozen=True)
class Look:
    """What the cluster showed of one Deploy."""

    deploy: Deploy
    deployment: dict[str, Any]
    pods: Sequence[KubernetesObject]
    events: Sequence[KubernetesObject]
    """Of one of its pods that are not ready."""
    now: datetime


def follow(
    *, outside: Outside, patience: Patience, clock: Callable[[], datetime], sleep: Callable[[float], None]
) -> bool:
    """Look at every active Deploy until none is left or this task's time is over; return whether some are left.

    Returns False at once where another follower is at work: it sees new Deploys by itself.
    """
    until = clock() + patience.task
    with try_lock(Lock.FOLLOW, wait_seconds=HAND_OVER_SECONDS) as alone:
        while alone and _look_at_all(outside, patience, now=clock()):
            if clock() >= until:
                return True
            sleep(patience.look_every_seconds)
    return False


def _look_at_all(outside: Outside, patience: Patience, *, now: datetime) -> bool:
    deploys = list(
        Deploy.objects.filter(status__in=FOLLOWED)
        .select_related("site__observation")
        .order_by("site__namespace", "pk")
    )
    for namespace, group in groupby(deploys, key=lambda deploy: deploy.site.namespace):
        together = list(group)
        try:
            looks = list(_looks(outside.cluster, namespace, together, now=now))
        except ClusterError as error:
            logger.warning("Cannot look at namespace %s: %s", namespace, error)
            for deploy in together:
                _out_of_sight(deploy, str(error), patience, now=now)
            continue
        for look in looks:
            _advance(look, patience)
    return bool(deploys)


def _looks(cluster: Cluster, namespace: str, deploys: list[Deploy], *, now: datetime) -> Iterable[Look]:
    deployments = {each["metadata"]["name"]: each for each in cluster.deployments(namespace)}
    pods = cluster.pods(namespace, label_selector="")
    for deploy in deploys:
        found = deployments.get(deploy.site.deployment)
        if found is None:
            gone = f"Deployment {deploy.site.deployment} is gone from namespace {namespace}."
            _end(deploy, Status.FAILED, gone, now=now)
        else:
            own = owned_pods(found, pods)
            yield Look(deploy, found, own, _events(cluster, deploy, own, now=now), now)


def _events(
    cluster: Cluster, deploy: Deploy, pods: Sequence[KubernetesObject], *, now: datetime
) -> Sequence[KubernetesObject]:
    """What the cluster reports of one pod that is long in coming: one suffices to know what is wrong with its image."""
    if now - (deploy.patched_at or now) < ASK_FOR_EVENTS_AFTER:
        return ()
    late = (
        pod
        for pod in pods
        if not is_ready(pod) and runs_image(pod, container=deploy.site.container, image=deploy.image)
    )
    pod = next(late, None)
    return cluster.events(deploy.site.namespace, uid=pod["metadata"]["uid"]) if pod else ()


def _out_of_sight(deploy: Deploy, trouble: str, patience: Patience, *, now: datetime) -> None:
    if _is_out_of_time(deploy, patience, now=now):
        _end(deploy, Status.TIMED_OUT, f"The cluster could not be asked how it ended: {trouble}", now=now)
    else:
        deploy.note(sentence=f"Waiting for the cluster to answer again: {trouble}")


def _advance(look: Look, patience: Patience) -> None:
    deploy = look.deploy
    rollout = judge_rollout(look.deployment, container=deploy.site.container, image=deploy.image)
    ready = _ready_on_image(look)
    match rollout.phase:
        case Phase.SUPERSEDED:
            _end(deploy, Status.SUPERSEDED, rollout.sentence, now=look.now)
        case Phase.COMPLETE if ready >= rollout.wanted:
            _verify(look, rollout, ready, patience)
        case _:
            _wait_or_fail(look, rollout, ready, patience)


def _ready_on_image(look: Look) -> int:
    container, image = look.deploy.site.container, look.deploy.image
    return sum(is_ready(pod) and runs_image(pod, container=container, image=image) for pod in look.pods)


def _verify(look: Look, rollout: Rollout, ready: int, patience: Patience) -> None:
    deploy, now = look.deploy, look.now
    counts: dict[str, Any] = {"wanted": rollout.wanted, "updated": rollout.updated, "ready": ready}
    if deploy.status == Status.ROLLING_OUT:
        sentence = f"{_pods(ready)} ready on the new image: watching that it stays so."
        deploy.move(Status.VERIFYING, now=now, sentence=sentence, verifying_since=now, **counts)
    elif deploy.verifying_since and now - deploy.verifying_since >= patience.stability:
        deploy.note(**counts)
        _end(deploy, Status.SUCCEEDED, f"{_pods(ready)} ready, and stayed so.", now=now)


def _wait_or_fail(look: Look, rollout: Rollout, ready: int, patience: Patience) -> None:
    deploy, now = look.deploy, look.now
    counts: dict[str, Any] = {"wanted": rollout.wanted, "updated": rollout.updated, "ready": ready}
    trouble = diagnose(look.pods, look.events, container=deploy.site.container, image=deploy.image, now=now)
    if rollout.phase is Phase.FAILED or (trouble and trouble.certain):
        deploy.note(**counts)
        _end(deploy, Status.FAILED, _why(trouble, rollout), now=now)
    elif _is_out_of_time(deploy, patience, now=now):
        deploy.note(**counts)
        _end(deploy, Status.TIMED_OUT, _why(trouble, rollout), now=now)
    elif deploy.status == Status.VERIFYING:
        sentence = f"A pod fell away again. {_why(trouble, rollout)}"
        deploy.move(Status.ROLLING_OUT, now=now, sentence=sentence, verifying_since=None, **counts)
    else:
        deploy.note(sentence=_why(trouble, rollout), **counts)


def _why(trouble: Diagnosis | None, rollout: Rollout) -> str:
    return trouble.sentence if trouble else rollout.sentence


def _is_out_of_time(deploy: Deploy, patience: Patience, *, now: datetime) -> bool:
    return now - (deploy.patched_at or deploy.requested_at) >= patience.rollout


def _end(deploy: Deploy, status: Status, sentence: str, *, now: datetime) -> None:
    """End the Deploy; where it succeeded, the site's row says so at once, and a sync of this site looks at the rest."""
    with transaction.atomic():
        if not deploy.move(status, now=now, sentence=sentence):
            return
        if status == Status.SUCCEEDED:
            seen = Observation.objects.filter(site_id=deploy.site_id)
            seen.update(
                running_sha=deploy.sha, desired_sha=deploy.sha, desired_image=deploy.image,
                ready=deploy.ready, wanted=deploy.wanted, resource_version="",
            )  # fmt: skip
            seen.filter(head_sha=deploy.sha).update(behind_by=0, ahead_by=0)
        async_task(
            "deployments.tasks.sync", hosts=[deploy.site.host], trigger="deploy", q_options={"group": "sync"}
        )
        tell_batches(deploy)


def _pods(count: int) -> str:
    return "1 pod is" if count == 1 else f"{count} pods are"
