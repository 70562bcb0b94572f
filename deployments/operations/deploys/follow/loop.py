"""One follower at a time, checking repeatedly until nothing is active."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from itertools import groupby

from django.db import DatabaseError, InterfaceError

from deployments.clients.clients import Clients
from deployments.clients.cluster import ClusterError, ClusterRefused
from deployments.locks import Lock, try_lock
from deployments.models import Deploy, DeployStep, Status
from deployments.operations.deploys.finish import Ending, finish
from deployments.operations.deploys.follow.context import FollowContext, Timeouts
from deployments.operations.deploys.follow.end import is_out_of_time
from deployments.operations.deploys.follow.judge import judge
from deployments.operations.deploys.follow.release_job import follow_release, not_read
from deployments.operations.deploys.follow.snapshot import Snapshot, take_snapshots
from deployments.operations.deploys.steps import steps_of
from deployments.rules.workloads import WorkloadKind

logger = logging.getLogger(__name__)
HAND_OVER_SECONDS = 0.3


def follow(
    *,
    clients: Clients,
    timeouts: Timeouts,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    checks_hosts: bool = True,
) -> bool:
    """Check every active Deploy until none is left or this task's time is up; return whether some are left.

    Returns False at once where another follower is at work: it picks up new Deploys.
    """
    context = FollowContext(clients, timeouts, checks_hosts)
    until = clock() + timeouts.task
    with try_lock(Lock.FOLLOW, wait_seconds=HAND_OVER_SECONDS) as alone:
        while alone and _judge_all(context, now=clock()):
            if clock() >= until and not context.calls.are_under_way:
                return True
            sleep(timeouts.poll_seconds)
    return False


def _judge_all(context: FollowContext, *, now: datetime) -> bool:
    deploys = list(
        Deploy.objects.filter(status__in=Status.FOLLOWED)
        .select_related("site__observation")
        .prefetch_related("steps")
        .order_by("pk")
    )
    releasing = [deploy for deploy in deploys if deploy.status == Status.RELEASING]
    rolling_out = [deploy for deploy in deploys if deploy.status != Status.RELEASING]
    seen = _look(context, [step for deploy in rolling_out for step in steps_of(deploy)], now=now)
    for deploy in rolling_out:
        shown = [seen[step.pk] for step in steps_of(deploy)]
        errors = [each for each in shown if isinstance(each, ClusterError)]
        if errors:
            _not_seen(deploy, errors[0], context.timeouts, now=now)
        else:
            _judge_alone(deploy, [each for each in shown if isinstance(each, Snapshot)], context, now=now)
    for deploy in releasing:
        _follow_release_alone(deploy, context, now=now)
    return bool(deploys)


def _look(
    context: FollowContext, steps: Sequence[DeployStep], *, now: datetime
) -> dict[int, Snapshot | ClusterError]:
    """What the cluster shows for each step, by its key: one place and kind after the other."""
    seen: dict[int, Snapshot | ClusterError] = {}
    together = sorted(steps, key=lambda step: (step.namespace, step.kind, step.pk))
    for (namespace, kind), group in groupby(together, key=lambda step: (step.namespace, step.kind)):
        taken = take_snapshots(context, namespace, WorkloadKind(kind), list(group), now=now)
        seen |= {step.pk: shown for step, shown in taken}
    return seen


def _not_seen(deploy: Deploy, error: ClusterError, timeouts: Timeouts, *, now: datetime) -> None:
    """A cluster that is silent is waited for as long as a rollout; one that says no has a cause that does not pass."""
    if not isinstance(error, ClusterRefused):
        waits = f"Waiting for the cluster to answer again: {error}"
        _unreachable(deploy, str(error), waits, timeouts, now=now)
        return
    since = deploy.denied_since or now
    if error.status == HTTPStatus.FORBIDDEN and now - since >= timeouts.denied:
        namespaces = sorted({step.namespace for step in steps_of(deploy)})
        place = f"namespace {' or '.join(namespaces)}"
        message = f"Headway may no longer read {place}. Was it deleted, or its RoleBinding? {error}"
        finish(deploy, Ending.OUT_OF_SIGHT, message, reason="out_of_sight", now=now)
        return
    deploy.note(now=now, denied_since=since)
    waits = f"The cluster does not allow Headway to read it: {error}"
    _unreachable(deploy, str(error), waits, timeouts, now=now)


def _judge_alone(
    deploy: Deploy, snapshots: Sequence[Snapshot], context: FollowContext, *, now: datetime
) -> None:
    """One Deploy's problem affects only that one: an error keeps no other from ending."""
    try:
        if deploy.denied_since:
            deploy.note(now=now, denied_since=None)
        judge(snapshots, context)
    except (DatabaseError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("Deploy %s cannot be judged", deploy.pk)
        problem = f"{type(error).__name__}: {error}"
        waits = f"The cluster's answer could not be read; retrying: {problem}"
        _unreachable(deploy, problem, waits, context.timeouts, now=now)


def _follow_release_alone(deploy: Deploy, context: FollowContext, *, now: datetime) -> None:
    """Likewise, of a Deploy whose release job runs."""
    try:
        follow_release(deploy, clients=context.clients, now=now)
    except (DatabaseError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("The release job of deploy %s cannot be judged", deploy.pk)
        not_read(deploy, f"{type(error).__name__}: {error}", now=now)


def _unreachable(deploy: Deploy, problem: str, waits: str, timeouts: Timeouts, *, now: datetime) -> None:
    if all(is_out_of_time(step, timeouts.rollout, now=now) for step in steps_of(deploy)):
        message = f"The cluster could not be asked how it ended: {problem}"
        finish(deploy, Ending.OUT_OF_SIGHT, message, reason="out_of_sight", now=now)
    else:
        deploy.note(now=now, message=waits)
