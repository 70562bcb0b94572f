"""Headway deploys itself: the worker that began the Deploy is replaced by it, and the new one ends it truthfully."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from demo.world import NAMESPACE, Mapping, World
from deployments.clients.clients import Clients
from deployments.models import Deploy, DeployEvent, Status
from simulators.cluster import UNREADY
from tests.chaos.end_state import check_all_succeeded, check_patched_once_at_most, in_words, still_active
from tests.factories import ask, observe
from tests.processes import MANAGE, Running, environment, eventually

pytestmark = [pytest.mark.django_db(transaction=True)]
HOST, NAME = "headway.natwelch.com", "headway-worker"
GRACE_SECONDS = 3
STUCK_AFTER_SECONDS = 180


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    """One site, which is Headway's own worker."""
    mapping = Mapping(HOST, "icco", "headway", NAME, "main")
    with World([mapping], start_seconds=2) as world:
        settings.IMAGE_TEMPLATE = world.image_template
        yield world


class Node:
    """Runs a worker process for every pod of the Deployment, and ends it with its pod."""

    def __init__(self, world: World, env: dict[str, str], folder: Path) -> None:
        self._world, self._env, self._folder = world, env, folder
        self._over = Event()
        self._thread = Thread(target=self._run, name="node")
        self.workers: dict[str, Running] = {}
        self.ended = dict[str, datetime]()
        """When the last process of a pod's worker was gone, by the pod's image."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for worker in self.workers.values():
            worker.__exit__()

    def _run(self) -> None:
        while not self._over.wait(0.05):
            pods = {pod["metadata"]["uid"]: pod for pod in self._world.cluster.pods(NAMESPACE, NAME)}
            for uid, pod in pods.items():
                if pod["status"].get("phase") == "Running" and uid not in self.workers:
                    self._start(uid)
                if pod["metadata"].get("deletionTimestamp") and uid in self.workers:
                    self._end(uid, pod)

    def _start(self, uid: str) -> None:
        own = self._env | {"HEARTBEAT_FILE": str(self._folder / f"heartbeat-{uid}")}
        worker = Running([*MANAGE, "worker"], own, log=self._folder / f"worker-{uid}.log")
        self.workers[uid] = worker.__enter__()

    def _end(self, uid: str, pod: dict[str, Any]) -> None:
        """As the kubelet does: SIGTERM to the first process, and SIGKILL when its grace is over."""
        worker = self.workers[uid]
        if worker.process.poll() is not None:
            return
        worker.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            worker.process.wait(timeout=GRACE_SECONDS)
        worker.kill_group()
        worker.process.wait()
        self.ended[pod["spec"]["containers"][-1]["image"]] = timezone.now()


def test_the_new_worker_ends_the_deploy_that_the_old_one_began(
    world: World, clients: Clients, tmp_path: Path
) -> None:
    before = world.running_image(HOST)
    world.commit(HOST)
    observe(clients)
    env = environment(tmp_path, **world.settings(tmp_path)) | {"STABILITY_SECONDS": "12"}

    with Node(world, env, tmp_path) as node:
        assert eventually(lambda: node.workers, seconds=60)
        deploy = ask(HOST, now=timezone.now())
        ended = eventually(lambda: not still_active([deploy]), seconds=STUCK_AFTER_SECONDS, every=0.2)

    deploy.refresh_from_db()
    assert ended, in_words([deploy])
    assert list(node.ended) == [before]
    assert node.ended[before] < deploy.finished_at
    check_all_succeeded(world, [deploy])
    check_patched_once_at_most(world, [deploy])


def test_a_headway_that_does_not_come_up_is_reported_by_the_old_one(
    world: World, clients: Clients, tmp_path: Path
) -> None:
    before = world.running_image(HOST)
    world.behaviours[world.image(HOST, world.commit(HOST))] = UNREADY
    observe(clients)
    env = environment(tmp_path, **world.settings(tmp_path)) | {"ROLLOUT_TIMEOUT_SECONDS": "30"}

    with Node(world, env, tmp_path) as node:
        assert eventually(lambda: node.workers, seconds=60)
        deploy = ask(HOST, now=timezone.now())
        ended = eventually(lambda: not still_active([deploy]), seconds=STUCK_AFTER_SECONDS, every=0.2)

    deploy.refresh_from_db()
    assert ended
    assert deploy.status == Status.TIMED_OUT
    assert "does not pass its readiness probe" in deploy.message
    assert before in {pod["spec"]["containers"][-1]["image"] for pod in world.cluster.pods(NAMESPACE, NAME)}
    assert DeployEvent.objects.filter(deploy=deploy, kind="ended").count() == 1
    assert Deploy.objects.count() == 1
