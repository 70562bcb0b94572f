"""One Deploy's trouble is that one's: what cannot be read of it keeps no other from its end, and it ends as well."""

from dataclasses import replace

import pytest

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.clients.registry import Registry
from deployments.models import Deploy, Status
from deployments.rules.images import ImageReference
from simulators.cluster import UNSCHEDULABLE
from tests.deployments.operations.following import NAME, Clock, rolled_out, see_through
from tests.factories import ask, begin, observe

OTHER = "chartopia.app"
pytestmark = pytest.mark.usefixtures("sites")


class Faulty:
    """A registry's client with its own fault, which one site's images bring out."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def digest(self, image: ImageReference) -> str | None:
        if NAME in image.path:
            raise ZeroDivisionError("division by zero")
        return self._registry.digest(image)

    def parts(self, image: ImageReference) -> frozenset[str]:
        return self._registry.parts(image)


@pytest.fixture
def faulty(clients: Clients) -> Clients:
    return replace(clients, registry=Faulty(clients.registry))


def is_verified(deploy: Deploy) -> bool:
    return deploy.status == Status.VERIFYING


def test_another_deploy_comes_to_its_end(world: World, clients: Clients, faulty: Clients) -> None:
    tripping = rolled_out(world, clients)
    see_through(tripping, faulty, until=is_verified)
    world.commit(OTHER)
    observe(clients, [OTHER])
    other = begin(ask(OTHER), clients)
    Deploy.objects.filter(pk=other.pk).update(patched_at=Clock()())

    see_through(other, faulty, until=lambda deploy: deploy.status == Status.SUCCEEDED)

    tripping.refresh_from_db()
    assert other.status == Status.SUCCEEDED
    assert tripping.status == Status.VERIFYING
    assert tripping.message.startswith("The cluster's answer could not be read; retrying: ZeroDivisionError")


def test_it_times_out_like_any_other(world: World, clients: Clients, faulty: Clients) -> None:
    tripping = rolled_out(world, clients)
    see_through(tripping, faulty, until=is_verified)

    see_through(tripping, faulty, clock=Clock(minutes=16))

    assert tripping.status == Status.TIMED_OUT
    assert tripping.message.startswith("The cluster could not be asked how it ended: ZeroDivisionError")


def test_a_time_that_no_api_server_writes_hides_nothing_else_of_a_pod(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients, UNSCHEDULABLE)

    def new_pods() -> list[dict]:
        return [pod for pod in world.cluster.pods(NAMESPACE, NAME) if pod["status"]["phase"] == "Pending"]

    world.cluster.wait_until(lambda: any(pod["status"].get("conditions") for pod in new_pods()))
    for pod in new_pods():
        odd = [{"type": "PodScheduled", "status": "False", "lastTransitionTime": "yesterday"}]
        world.cluster.store.replace("pods", {**pod, "status": {**pod["status"], "conditions": odd}})

    see_through(deploy, clients, until=lambda seen: seen.message.startswith("No node"))

    # The reason is in the events, which are listed after a while.
    assert deploy.status == Status.ROLLING_OUT
    assert deploy.message.startswith("No node takes the pod: ")
