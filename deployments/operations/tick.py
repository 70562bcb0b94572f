"""Every 30 seconds: pick up what a dead worker or a silent external service left unfinished."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, F, Q, QuerySet, Value
from django_q.models import OrmQ, Task

from deployments.locks import Lock, try_lock
from deployments.models import (
    ACTIVE_STATUSES,
    ContainerLog,
    Deploy,
    DeployBatch,
    HeadCheck,
    HookDelivery,
    Observation,
    PodCheck,
    SigningKey,
    Site,
    Status,
    SyncRun,
)
from deployments.models.pod_check import KEPT_FOR
from deployments.operations.deploys.finish import Ending, finish
from deployments.operations.deploys.steps import changed_by
from deployments.operations.deploys.waiting import take_up_waiting
from deployments.operations.hold import resume_expired
from deployments.operations.hooks.syncs import is_left_waiting, prune_deliveries
from deployments.operations.pods.request import forget_logs
from deployments.operations.sync.request import AFTER_SYNC, let_follow
from deployments.operations.sync.run import DEAD_AFTER, prune_runs, take_up_dead_syncs
from deployments.queue import enqueue
from deployments.queue.broker import taken_entries
from deployments.rules.wording import duration, sentences

TAKEN_UP_WITHIN = timedelta(seconds=30)
GIVEN_UP_AFTER = timedelta(minutes=15)
PRUNED_AT_MINUTE = 0
LOOKED_AFTER = timedelta(minutes=15)
BATCH, SYNC, WAITING_SYNC, TAKEN = "batch", "sync", "waiting sync", "taken"
HEADS, HOOKS, KEYS, LOGS = "heads", "hooks", "keys", "logs"
CHAIN_LATE = timedelta(seconds=10)
"""After so long, the entry that was to check the watched heads is lost."""
KEYS_FETCHED_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Doors:
    """What is configured besides the syncs, and run by the tick."""

    checks_heads: bool = False
    issuers: tuple[str, ...] = ()
    """Whose signing keys web needs."""
    is_pulling: bool = False


CLOSED = Doors()


def tick(
    *,
    now: datetime,
    wait_for_image: timedelta = timedelta(hours=1),
    keep_runs: timedelta = timedelta(days=30),
    doors: Doors = CLOSED,
) -> bool:
    """Requeue what should be active, end what waited too long, close syncs of dead workers, end expired Holds.

    Return whether the heads are to be checked, which asks outside.
    """
    _give_a_sign_of_life(now=now)
    resume_expired(now=now)
    if now.minute == PRUNED_AT_MINUTE:
        prune_runs(before=now - keep_runs)
        prune_deliveries(now=now)
        _delete_ended_sessions(now=now)
    under_way, queued = _under_way(doors, now=now), enqueue.QueuedEntries()
    if under_way & {SYNC, TAKEN}:
        take_up_dead_syncs(now=now)
    if WAITING_SYNC in under_way:
        let_follow()
    if Status.WAITING in under_way:
        take_up_waiting(queued, now=now, timeout=wait_for_image)
    if Status.QUEUED in under_way:
        _take_up_queued(queued, now=now)
    if BATCH in under_way:
        enqueue.continue_batches(unless_in=queued)
    if under_way & Status.FOLLOWED:
        enqueue.follow(unless_in=queued)
    if moving := _set_by_others(now=now):
        enqueue.sync(names=moving, trigger="rollout", unless_in=queued)
    if LOGS in under_way:
        forget_logs(now=now)
    _look_after_doors(doors, under_way, queued)
    return HEADS in under_way


def _look_after_doors(doors: Doors, under_way: set[str], queued: enqueue.QueuedEntries) -> None:
    if HOOKS in under_way:
        enqueue.queue_hook_syncs(unless_in=queued)
    if KEYS in under_way:
        enqueue.fetch_signing_keys(unless_in=queued)
    if doors.is_pulling:
        with try_lock(Lock.PULL) as is_nobody_pulling:
            pass
        if is_nobody_pulling:
            enqueue.pull_hooks(unless_in=queued)


def _due(doors: Doors, *, now: datetime) -> list[QuerySet[Any, Any]]:
    """HEADS where they are to be checked, KEYS where one issuer's were not fetched lately, HOOKS where one was left lying, LOGS where some have been kept for long enough."""
    found: list[QuerySet[Any, Any]] = []
    if doors.checks_heads:
        later = HeadCheck.objects.filter(Q(watch_at=None) | Q(watch_at__gt=now - CHAIN_LATE), next_at__gt=now)
        found.append(Site.objects.filter(~Exists(later)).order_by().values_list(Value(HEADS), flat=True)[:1])
    for issuer in doors.issuers:
        fresh = SigningKey.objects.filter(issuer=issuer, fetched_at__gt=now - KEYS_FETCHED_EVERY)
        found.append(Site.objects.filter(~Exists(fresh)).order_by().values_list(Value(KEYS), flat=True)[:1])
    left = HookDelivery.objects.filter(is_left_waiting(now=now)).order_by()
    found += [
        model.objects.filter(asked_at__lt=now - KEPT_FOR).order_by().values_list(Value(LOGS), flat=True)[:1]
        for model in (ContainerLog, PodCheck)
    ]
    return [*found, left.values_list(Value(HOOKS), flat=True)[:1]]


def _under_way(doors: Doors, *, now: datetime) -> set[str]:
    """Statuses of active Deploys, BATCH, SYNC, WAITING_SYNC and TAKEN, an entry taken a while ago, and what is due. Runs one SQL query, since there is nearly always nothing."""
    deploys = Deploy.objects.filter(status__in=ACTIVE_STATUSES).values_list("status", flat=True)
    batches = DeployBatch.objects.filter(state=DeployBatch.State.RUNNING).values_list(Value(BATCH), flat=True)
    syncs = SyncRun.objects.filter(result=SyncRun.Result.RUNNING).values_list(Value(SYNC), flat=True)
    waiting = OrmQ.objects.filter(key=AFTER_SYNC).values_list(Value(WAITING_SYNC), flat=True)
    taken = taken_entries(ago=DEAD_AFTER).values_list(Value(TAKEN), flat=True)
    others = (
        batches.order_by(),
        syncs.order_by(),
        waiting.order_by(),
        taken.order_by(),
        *_due(doors, now=now),
    )
    return set(deploys.order_by().union(*others))


def _give_a_sign_of_life(*, now: datetime) -> None:
    """Keep one row of the tick, with one SQL statement: django-q2 would load all results that it keeps to write another."""
    if not Task.objects.filter(func=enqueue.TICK).update(started=now, stopped=now):
        Task.objects.create(
            id=uuid4().hex,
            name="tick",
            func=enqueue.TICK,
            group="tick",
            started=now,
            stopped=now,
            success=True,
        )


def _delete_ended_sessions(*, now: datetime) -> None:
    Session.objects.filter(expire_date__lt=now).delete()


def _set_by_others(*, now: datetime) -> list[str]:
    """Hosts that were seen during a rollout that nobody follows: what they run is not known before another check."""
    lately = Observation.objects.filter(
        desired_at__gt=now - LOOKED_AFTER, cluster_observed_at__lt=now - TAKEN_UP_WITHIN
    )
    moving = lately.exclude(running_sha=F("desired_sha")).exclude(latest_deploy__status__in=ACTIVE_STATUSES)
    return list(moving.order_by("site__name").values_list("site__name", flat=True))


def _take_up_queued(queued: enqueue.QueuedEntries, *, now: datetime) -> None:
    for deploy in Deploy.objects.filter(status=Status.QUEUED, queued_at__lt=now - TAKEN_UP_WITHIN):
        if deploy.queued_at and now - deploy.queued_at > GIVEN_UP_AFTER:
            _give_up(deploy.pk, now=now)
        else:
            enqueue.start_deploy(deploy.pk, unless_in=queued)


def _give_up(deploy_id: int, *, now: datetime) -> None:
    with transaction.atomic():
        # Locked, and re-read: a worker may be sending its patch at this very moment.
        deploy = Deploy.objects.select_for_update().filter(pk=deploy_id, status=Status.QUEUED).first()
        if deploy is None:
            return
        finish(deploy, _how_given_up(deploy), _given_up(deploy), now=now)


def _how_given_up(deploy: Deploy) -> Ending:
    if deploy.patch_sent_at is None:
        return Ending.GIVEN_UP
    # Where it has changed some workloads and not the others, those are taken back.
    steps = deploy.steps.all()
    is_half_done = any(step.is_changed for step in steps) and not all(step.patched_at for step in steps)
    return Ending.PARTLY_APPLIED if is_half_done else Ending.GIVEN_UP_UNSURE


def _given_up(deploy: Deploy) -> str:
    message = f"Timed out after {duration(GIVEN_UP_AFTER)}: {deploy.message}"
    if deploy.patch_sent_at is None:
        return message
    changed = changed_by(deploy.steps.all())
    what = "the rest" if changed else "the change"
    return sentences(
        message, changed, f"Not known whether the cluster accepted {what}. A sync is checking it."
    )
