"""Syncs that have to wait for one another wait in the queue, where none is lost, and leave the worker's children to others."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from django_q.conf import Conf
from django_q.models import OrmQ

from demo.world import World
from deployments import tasks
from deployments.clients.clients import Clients
from deployments.locks import Lock
from deployments.models import Deploy, Site, Status, SyncRun
from deployments.operations.sync.request import AFTER_SYNC, let_follow
from deployments.operations.tick import tick
from deployments.queue import enqueue
from tests.factories import NOW, ask, observe
from tests.processes import MANAGE, Running, environment, eventually
from tests.sessions import held_elsewhere

HOST, ANOTHER = "cacophony.natwelch.com", "chartopia.app"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sites")]


def queued(name: str) -> list[list[str]]:
    """The hosts of each sync that is queued under this name."""
    return [entry.task["kwargs"]["names"] for entry in OrmQ.objects.filter(key=name).order_by("id")]


@pytest.mark.parametrize(
    ("asked", "waiting"),
    [
        ([[HOST], [ANOTHER]], [[HOST, ANOTHER]]),
        ([[HOST], [HOST]], [[HOST]]),
        ([[HOST, ANOTHER], [HOST]], [[HOST, ANOTHER]]),
        ([[HOST], [HOST, ANOTHER]], [[HOST, ANOTHER]]),
        ([[], [], [HOST]], [[]]),
        ([[HOST], []], [[HOST], []]),
    ],
)
def test_what_is_requested_while_another_is_running_waits_together(
    asked: Sequence[Sequence[str]], waiting: list[list[str]]
) -> None:
    with held_elsewhere(Lock.SYNC):
        for hosts in asked:
            tasks.sync(names=hosts)
        assert (queued(AFTER_SYNC), queued(Conf.CLUSTER_NAME)) == (waiting, [])

    let_follow()

    assert (queued(AFTER_SYNC), queued(Conf.CLUSTER_NAME)) == ([], waiting)


def test_what_waits_for_a_worker_that_died_is_taken_up_by_the_tick() -> None:
    with held_elsewhere(Lock.SYNC):
        tasks.sync(names=[HOST])
        tick(now=NOW)
        assert queued(AFTER_SYNC) == [[HOST]]

    tick(now=NOW)

    assert (queued(AFTER_SYNC), queued(Conf.CLUSTER_NAME)) == ([], [[HOST]])


def test_one_that_waits_and_cannot_be_read_replaces_no_other() -> None:
    OrmQ.objects.create(key=AFTER_SYNC, payload="garbage", lock=NOW)

    with held_elsewhere(Lock.SYNC):
        tasks.sync(names=[HOST])

    assert OrmQ.objects.filter(key=AFTER_SYNC).count() == 2


@pytest.mark.slow
def test_a_tap_does_not_wait_for_syncs_and_what_they_were_for_is_checked(
    world: World, clients: Clients, tmp_path: Path
) -> None:
    world.commit(HOST)
    observe(clients)
    world.github.latency_seconds = 10

    with Running(
        [*MANAGE, "worker"], environment(tmp_path, **world.settings(tmp_path)), log=tmp_path / "log"
    ) as worker:
        enqueue.sync(trigger="person")
        at_work = SyncRun.objects.filter(result=SyncRun.Result.RUNNING)
        assert eventually(at_work.exists, seconds=30), worker.message
        for hosts in (*([host] for host in Site.objects.values_list("host", flat=True)), [], []):
            enqueue.sync(names=hosts, trigger="person")
        deploy = ask(HOST)
        begun = Deploy.objects.filter(pk=deploy.pk).exclude(status=Status.QUEUED)
        assert eventually(begun.exists, seconds=30), worker.message
        first = at_work.get()
        world.github.latency_seconds = 0
        assert eventually(lambda: not OrmQ.objects.exists(), seconds=60), worker.message

    first.refresh_from_db()
    assert SyncRun.objects.filter(is_full=True, started_at__gte=first.finished_at, result="good").exists()
