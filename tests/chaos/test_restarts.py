"""Rolling restarts of Headway itself: nobody's request fails, and no Deploy is lost or made twice."""

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from uuid import uuid4

import pytest

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import ACTIVE_STATUSES, Deploy, Observation, Status
from deployments.queue import enqueue
from tests.chaos.installation import Process, Service, two_of_each
from tests.factories import observe
from tests.processes import environment, eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("static_files")]


def test_half_a_minute_of_restarts_costs_nothing(world: World, clients: Clients, tmp_path: Path) -> None:
    restarts = use_while_restarting(world, clients, tmp_path, seconds=30, every_seconds=7)

    assert restarts >= 2


@pytest.mark.chaos
@pytest.mark.whole_table
@pytest.mark.timeout(1200)
def test_five_minutes_of_restarts_cost_nothing(
    world: World, clients: Clients, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    restarts = use_while_restarting(world, clients, tmp_path, seconds=300, every_seconds=20)

    record_property("restarts", restarts)
    record_property("deploys", Deploy.objects.count())
    record_property("pages", _pages_of(tmp_path))
    assert restarts >= 12


def use_while_restarting(
    world: World, clients: Clients, folder: Path, *, seconds: float, every_seconds: float
) -> int:
    """Deploy one site after another while web and worker are restarted in turn; return how often that was."""
    observe(clients)
    env = environment(folder, **world.settings(folder), LOG_LEVEL="DEBUG")
    with two_of_each(env, folder) as (service, processes):
        over = threading.Event()
        restarter = threading.Thread(target=_restart_in_turn, args=(processes, over, every_seconds))
        restarter.start()
        try:
            requests = _deploy_in_turn(world, service, until=monotonic() + seconds)
        finally:
            # Else it would keep starting processes, which take other tests' tasks, forever.
            over.set()
            restarter.join()
        active = Deploy.objects.filter(status__in=ACTIVE_STATUSES)
        assert eventually(lambda: not active.exists(), seconds=120), list(active.values("message"))
    _check(world, service, requests)
    return sum(each.restarts for each in processes)


def _pages_of(folder: Path) -> int:
    """Number of page views: the logs have one line for each."""
    logs = [each.read_text(errors="replace") for each in folder.glob("web*.log")]
    return sum(log.count('"message": "GET ') for log in logs)


def _restart_in_turn(processes: list[Process], over: threading.Event, every_seconds: float) -> None:
    turn = 0
    while not over.wait(every_seconds):
        # One web and one worker at a time, as a rolling update does.
        together = [threading.Thread(target=each.restart) for each in processes[turn : turn + 2]]
        for each in together:
            each.start()
        for each in together:
            each.join()
        turn = (turn + 2) % len(processes)


def _deploy_in_turn(world: World, service: Service, *, until: float) -> list[tuple[str, str]]:
    requests = []
    hosts = list(world.mappings)
    while monotonic() < until:
        host = hosts[len(requests) % len(hosts)]
        active = Deploy.objects.filter(site__host=host, status__in=ACTIVE_STATUSES)
        assert eventually(lambda active=active: not active.exists(), seconds=120), list(
            active.values("message")
        )
        sha = world.commit(host)
        enqueue.sync(names=[host], trigger="person")
        seen = Observation.objects.filter(site__host=host, head_sha=sha, head_image_built=True)
        assert eventually(seen.exists, seconds=60), f"{host} was not observed."
        form = {"sha": sha, "seen": seen.get().deployed_sha, "key": str(uuid4())}
        service.deploy(host, form)
        requests.append((host, sha))
    return requests


def _check(world: World, service: Service, requests: list[tuple[str, str]]) -> None:
    assert service.failures == []
    assert service.answered > 50
    deploys = Deploy.objects.select_related("site")
    assert sorted((each.site.host, each.sha) for each in deploys) == sorted(requests)
    assert {(each.status, each.message) for each in deploys if each.status != Status.SUCCEEDED} == set()
    changes: Counter[str] = Counter()
    for entry in world.cluster.requests.matching(method="PATCH"):
        if entry.status == 200:
            changes.update(each.image for each in deploys if each.image in entry.body)
    assert set(changes.values()) == {1}, changes
