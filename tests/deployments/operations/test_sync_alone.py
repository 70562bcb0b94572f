"""Never two syncs at once, across processes; a run whose worker was killed is closed by the next."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from django.conf import settings
from django.db import connection

from demo.world import World
from deployments.locks import Lock, try_lock
from deployments.models import SyncRun
from deployments.operations.sync import UnableToSync, close_dead_runs
from deployments.outside import Outside
from tests.factories import NOW, observe

ROOT = Path(__file__).resolve().parents[3]
WITHIN_SECONDS = 20
SYNC_OF_ANOTHER_WORKER = """
import sys, json, django
from django.conf import settings
wanted = json.loads(sys.argv[1])
settings.DATABASES["default"]["NAME"] = wanted["database"]
settings.IMAGE_TEMPLATE = wanted["template"]
django.setup()
from deployments.tasks import sync
sync()
"""

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sites")]


@pytest.fixture
def other_worker(world: World, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process in the middle of a sync: GitHub takes its time."""
    world.github.latency_seconds = WITHIN_SECONDS
    environment = world.settings(tmp_path) | {"DJANGO_SETTINGS_MODULE": "dashboard.settings"}
    wanted = {"database": connection.settings_dict["NAME"], "template": settings.IMAGE_TEMPLATE}
    command = [sys.executable, "-c", SYNC_OF_ANOTHER_WORKER, json.dumps(wanted)]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | environment) as process:
        _wait_for_its_run()
        yield process
        process.kill()
    world.github.latency_seconds = 0


def _wait_for_its_run() -> None:
    until = monotonic() + WITHIN_SECONDS
    while not SyncRun.objects.filter(result=SyncRun.Result.RUNNING).exists():
        assert monotonic() < until, "the other worker did not begin"
        sleep(0.05)


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    # PostgreSQL notices a moment later, and gives the dead one's lock back.
    with try_lock(Lock.SYNC, wait_seconds=WITHIN_SECONDS) as alone:
        assert alone


def test_a_sync_leaves_another_workers_alone(outside: Outside, other_worker: subprocess.Popen[bytes]) -> None:
    with pytest.raises(UnableToSync, match="Another sync is at work"):
        observe(outside)
    closed = close_dead_runs(now=NOW)

    assert closed == 0
    assert SyncRun.objects.get().result == SyncRun.Result.RUNNING


def test_a_run_whose_worker_was_killed_is_closed_by_the_next(
    world: World, outside: Outside, other_worker: subprocess.Popen[bytes]
) -> None:
    _kill(other_worker)
    world.github.latency_seconds = 0

    observe(outside)

    assert list(SyncRun.objects.order_by("id").values_list("result", "sentence")) == [
        ("failed", "The worker died while it ran."),
        ("good", ""),
    ]


def test_a_run_whose_worker_was_killed_is_closed_by_the_tick_where_no_sync_follows(
    other_worker: subprocess.Popen[bytes],
) -> None:
    _kill(other_worker)

    closed = close_dead_runs(now=NOW)

    assert closed == 1
