"""An app is all that runs its image: what runs an older commit of it and is mapped by no site is named on the site's page."""

from collections.abc import Callable

import pytest

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import MappedWorkload, Observation, Site
from deployments.queries import site_page
from deployments.rules.site_state import State
from tests.deployments.operations.following import HOST
from tests.factories import NOW, ask, observe, succeed

pytestmark = pytest.mark.usefixtures("sites")

WORKER = "cacophony-worker"


@pytest.fixture
def worker(world: World) -> World:
    """A second Deployment with the site's image, which nobody has mapped."""
    world.cluster.create_deployment(
        NAMESPACE, WORKER, containers={"worker": world.running_image(HOST)}, settled=True
    )
    Site.objects.filter(host=HOST).update(check_enabled=False)
    return world


def deployed(world: World, clients: Clients) -> None:
    world.commit(HOST)
    observe(clients)
    succeed(ask(HOST), clients, world)
    observe(clients)


def test_it_is_named_where_it_was_left_at_another_commit(worker: World, clients: Clients) -> None:
    old = worker.repository(HOST).head

    deployed(worker, clients)

    answer = site_page(name=HOST, now=NOW).row.answer
    assert answer.state is State.CURRENT
    assert answer.message.endswith(f" Same image, not mapped: Deployment {WORKER} at {old[:7]}.")


def map_it_to_another_site(world: World) -> None:
    other = Site.objects.exclude(host=HOST).first()
    MappedWorkload.objects.create(
        site=other, kind="Deployment", namespace=NAMESPACE, name=WORKER, containers=["worker"], position=9
    )


def scale_it_to_zero(world: World) -> None:
    world.cluster.scale(NAMESPACE, WORKER, 0)
    world.cluster.settle_now()


def give_it_to_an_operator(world: World) -> None:
    with world.cluster.store.lock:
        thing = world.cluster.deployment(NAMESPACE, WORKER)
        canary = {"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "name": "cacophony", "uid": "u"}
        thing["metadata"]["ownerReferences"] = [canary | {"controller": True}]
        world.cluster.store.replace("deployments", thing)


@pytest.mark.parametrize("change", [map_it_to_another_site, scale_it_to_zero, give_it_to_an_operator])
def test_what_another_site_maps_does_not_run_or_an_operator_sets_is_not(
    worker: World, clients: Clients, change: Callable[[World], None]
) -> None:
    change(worker)

    deployed(worker, clients)

    assert Observation.objects.get(site__host=HOST).unmapped == ""
