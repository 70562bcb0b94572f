"""One follower at a time, and one look after the other until nothing is under way."""

import logging
from collections.abc import Callable
from datetime import datetime
from itertools import groupby

from django.db import DatabaseError, InterfaceError

from deployments.clients.clients import Clients
from deployments.clients.cluster import ClusterError
from deployments.locks import Lock, try_lock
from deployments.models import Deploy
from deployments.operations.deploys.finish import Ending, finish
from deployments.operations.deploys.follow.context import FollowContext, Timeouts
from deployments.operations.deploys.follow.end import is_out_of_time
from deployments.operations.deploys.follow.judge import judge
from deployments.operations.deploys.follow.snapshot import FOLLOWED, Snapshot, take_snapshots

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
    """Look at every active Deploy until none is left or this task's time is over; return whether some are left.

    Returns False at once where another follower is at work: it sees new Deploys by itself.
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
        Deploy.objects.filter(status__in=FOLLOWED)
        .select_related("site__observation")
        .order_by("site__namespace", "pk")
    )
    for namespace, group in groupby(deploys, key=lambda deploy: deploy.site.namespace):
        together = list(group)
        try:
            seen = take_snapshots(context.clients.cluster, namespace, together, context.timeouts, now=now)
        except ClusterError as error:
            logger.warning("Cannot look at namespace %s: %s", namespace, error)
            for deploy in together:
                waits = f"Waiting for the cluster to answer again: {error}"
                _unreachable(deploy, str(error), waits, context.timeouts, now=now)
            continue
        for snapshot in seen:
            _judge_alone(snapshot, context)
    return bool(deploys)


def _judge_alone(snapshot: Snapshot, context: FollowContext) -> None:
    """One Deploy's trouble is that one's: whatever goes wrong with it keeps no other from its end."""
    try:
        judge(snapshot, context)
    except (DatabaseError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("Deploy %s cannot be judged", snapshot.deploy.pk)
        problem = f"{type(error).__name__}: {error}"
        waits = f"What the cluster shows of it cannot be read, and is looked at again: {problem}"
        _unreachable(snapshot.deploy, problem, waits, context.timeouts, now=snapshot.now)


def _unreachable(deploy: Deploy, problem: str, waits: str, timeouts: Timeouts, *, now: datetime) -> None:
    if is_out_of_time(deploy, timeouts, now=now):
        message = f"The cluster could not be asked how it ended: {problem}"
        finish(deploy, Ending.TIMED_OUT, message, reason="out_of_sight", now=now)
    else:
        deploy.note(now=now, message=waits)
