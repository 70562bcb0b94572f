"""kill -9 at any moment: every Deploy ends truthfully, and no Deployment is patched twice for one."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from time import sleep

import pytest
from django.utils import timezone

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import ACTIVE_STATUSES, Deploy, Status
from simulators.cluster import CRASHES
from tests.factories import ask, observe
from tests.processes import MANAGE, Running, environment, eventually

pytestmark = pytest.mark.django_db(transaction=True)
STUCK_AFTER_SECONDS = 180
LONGEST_LIFE_SECONDS = 6.0


@pytest.fixture
def env(world: World, tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path, **world.settings(tmp_path))


@pytest.fixture
def patched(world: World) -> Iterator[Counter[str]]:
    """Counts, for each image, the patches that changed a Deployment to it."""
    counted: Counter[str] = Counter()
    yield counted
    for entry in world.cluster.requests.matching(method="PATCH"):
        if entry.status == 200:
            counted.update(image for image in _images(world) if image in entry.body)
    assert set(counted.values()) <= {1}, counted


def _images(world: World) -> set[str]:
    return set(Deploy.objects.values_list("image", flat=True))


@pytest.mark.usefixtures("patched")
def test_a_selection_of_kills_costs_nothing(
    world: World, clients: Clients, env: dict[str, str], tmp_path: Path
) -> None:
    kills = kill_until_all_have_ended(world, clients, env, tmp_path, kills=4, seed=4)

    assert kills >= 4


@pytest.mark.chaos
@pytest.mark.usefixtures("patched")
@pytest.mark.whole_table
@pytest.mark.timeout(3600)
def test_a_hundred_kills_cost_nothing(
    world: World,
    clients: Clients,
    env: dict[str, str],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    random = Random(100)
    kills = rounds = 0
    while kills < 100:
        rounds += 1
        kills += kill_until_all_have_ended(
            world, clients, env, tmp_path, kills=100 - kills, seed=random.random()
        )

    record_property("rounds", rounds)
    assert kills >= 100


def kill_until_all_have_ended(
    world: World, clients: Clients, env: dict[str, str], folder: Path, *, kills: int, seed: float
) -> int:
    """Ask for a Deploy of every site, one of which crashes; kill the worker, or a child of it, until all ended; return how often."""
    random = Random(seed)
    shas = {host: world.commit(host) for host in world.mappings}
    crashing = random.choice(sorted(shas))
    world.behaviours[world.image(crashing, shas[crashing])] = CRASHES(3)
    observe(clients)
    deploys = [ask(host, now=timezone.now()) for host in shas]
    done = 0
    while done < kills and _active(deploys):
        with Running([*MANAGE, "worker"], env, log=folder / "worker.log") as worker:
            done += _kill_children(worker, random)
            sleep(random.uniform(0.1, LONGEST_LIFE_SECONDS))
            worker.kill_group()
            worker.process.wait()
            done += 1
    with Running([*MANAGE, "worker"], env, log=folder / "worker.log"):
        ended = eventually(lambda: not _active(deploys, but=crashing), seconds=STUCK_AFTER_SECONDS, every=0.5)
    assert ended, [(each.site_id, each.status, each.message) for each in _active(deploys)]
    _check_the_truth(world, shas, crashing)
    return done


def _kill_children(worker: Running, random: Random) -> int:
    """None, one or two, one after the other, while the worker lives on; return how many."""
    done = 0
    for _ in range(random.randrange(3)):
        sleep(random.uniform(0.1, LONGEST_LIFE_SECONDS / 3))
        if children := worker.children_of(worker.process.pid):
            os.kill(random.choice(sorted(children)), signal.SIGKILL)
            done += 1
    return done


def _active(deploys: list[Deploy], *, but: str = "") -> list[Deploy]:
    mine = Deploy.objects.filter(pk__in=[each.pk for each in deploys], status__in=ACTIVE_STATUSES)
    return list(mine.exclude(site__host=but))


def _check_the_truth(world: World, shas: dict[str, str], crashing: str) -> None:
    for host, sha in shas.items():
        deploy = Deploy.objects.get(site__host=host, sha=sha)
        if host == crashing:
            assert deploy.status != Status.SUCCEEDED
        else:
            assert (deploy.status, world.running_image(host)) == (Status.SUCCEEDED, deploy.image), (
                deploy.message
            )
