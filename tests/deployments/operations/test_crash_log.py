"""What a Deploy's page shows of pods that are late: a crashing container's log from its first restart, and the pod's name."""

import pytest

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Status
from simulators.cluster import CRASHES, SLOW, UNREADY
from tests.deployments.operations.following import NAME, rolled_out, see_through, stated

pytestmark = pytest.mark.usefixtures("sites")


def logs_read(world: World) -> int:
    return sum(entry.path.endswith("/log") for entry in world.cluster.requests)


def test_a_crashing_container_s_log_is_there_from_its_first_restart(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients, CRASHES(3, ("panic: board is nil",)))
    world.cluster.requests.clear()

    see_through(deploy, clients, until=lambda deploy: "restart" in deploy.message)

    assert deploy.status == Status.ROLLING_OUT
    assert deploy.log == "panic: board is nil"


def test_the_log_is_read_again_when_it_was_restarted_again_and_not_at_each_look(
    world: World, clients: Clients
) -> None:
    deploy = rolled_out(world, clients, CRASHES(3))
    world.cluster.requests.clear()

    see_through(deploy, clients, until=lambda deploy: "restarts" in deploy.message)

    lists_of_pods = sum(entry.path.endswith("/pods") for entry in world.cluster.requests)
    # Each reading asks for the run before, and where there is none for the present one.
    assert 0 < logs_read(world) <= 2 * len(stated(deploy))
    assert lists_of_pods > len(stated(deploy))


def test_the_log_of_a_container_that_only_fails_its_probe_is_not_read_meanwhile(
    world: World, clients: Clients
) -> None:
    deploy = rolled_out(world, clients, UNREADY)
    world.cluster.requests.clear()

    see_through(deploy, clients, until=lambda deploy: bool(deploy.message))

    assert logs_read(world) == 0


def test_a_pod_that_is_late_is_named(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients, SLOW(600))

    see_through(deploy, clients, until=lambda deploy: "Waiting for pod" in deploy.message)

    names = {
        each["metadata"]["name"]
        for each in world.cluster.pods(NAMESPACE, NAME)
        if each["spec"]["containers"][0]["image"] == deploy.image
    }
    assert deploy.message.rpartition("Waiting for pod ")[2].removesuffix(".") in names
