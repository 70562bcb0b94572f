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

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import ACTIVE_STATUSES, Deploy, Site, Status
from deployments.operations.sites.save import save_workloads
from deployments.rules.targets import parse_references
from simulators.cluster import CRASHES
from tests.factories import ask, observe
from tests.one_image import at_another_image
from tests.processes import MANAGE, Running, environment, eventually

pytestmark = pytest.mark.django_db(transaction=True)
STUCK_AFTER_SECONDS = 180
BACKGROUND = "Deployment {0}; Deployment {0}-worker; CronJob {0}-report"
LONGEST_LIFE_SECONDS = 6.0


@pytest.fixture
def env(world: World, tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path, **world.settings(tmp_path))


@pytest.fixture
def patched(world: World) -> Iterator[Counter[str]]:
    """Counts, for each workload and image, the patches that changed the one to the other, and the Jobs made for it."""
    counted: Counter[str] = Counter()
    yield counted
    images = set(Deploy.objects.values_list("image", flat=True))
    for entry in world.cluster.requests:
        is_change = entry.method in {"PATCH", "POST"} and "dryRun" not in entry.query
        if is_change and entry.status in {200, 201}:
            counted.update(f"{entry.path} {image}" for image in images if image in entry.body)
    assert set(counted.values()) <= {1}, counted


@pytest.mark.usefixtures("patched")
def test_a_selection_of_kills_costs_nothing(
    world: World, clients: Clients, env: dict[str, str], tmp_path: Path
) -> None:
    kills = kill_until_all_have_ended(world, clients, env, tmp_path, kills=4, seed=4)

    assert kills >= 4


@pytest.mark.chaos
@pytest.mark.usefixtures("patched")
@pytest.mark.every_kind
@pytest.mark.timeout(3600)
def test_a_hundred_kills_leave_none_of_a_site_s_three_workloads_behind(
    world: World,
    clients: Clients,
    env: dict[str, str],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    for host in world.mappings:
        give_three_workloads(world, host)
    random = Random(13)
    kills = rounds = 0
    while kills < 100:
        rounds += 1
        kills += kill_until_all_have_ended(
            world, clients, env, tmp_path, kills=100 - kills, seed=random.random()
        )

    record_property("rounds", rounds)
    assert kills >= 100


def give_three_workloads(world: World, host: str) -> None:
    """Map the site to a worker with an init container and a CronJob, too; every second one has a release job."""
    name = world.mappings[host].deployment
    world.apply("background", image=world.image(host), name=name)
    site = Site.objects.get(host=host)
    if site.pk % 2:
        world.apply("release_job", image=world.image(host), name=name)
        Site.objects.filter(pk=site.pk).update(release_job=f"{name}-upgrade")
    save_workloads(site, parse_references(BACKGROUND.format(name), namespace=NAMESPACE))


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
            assert at_another_image(world, deploy.site, deploy.image) == [], deploy.message
