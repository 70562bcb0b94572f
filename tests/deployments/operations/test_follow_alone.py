"""One Deploy's trouble is that one's: what cannot be read of it keeps no other from its end, and it ends as well."""

import pytest

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Status
from simulators.cluster import UNSCHEDULABLE
from tests.deployments.operations.following import NAME, Clock, rolled_out, see_through
from tests.factories import ask, begin, observe

OTHER = "chartopia.app"
pytestmark = pytest.mark.usefixtures("sites")


@pytest.fixture
def unreadable(world: World, clients: Clients) -> Deploy:
    """A Deploy whose pods report what no API server sends."""
    deploy = rolled_out(world, clients, UNSCHEDULABLE)

    def new_pods() -> list[dict]:
        return [pod for pod in world.cluster.pods(NAMESPACE, NAME) if pod["status"]["phase"] == "Pending"]

    world.cluster.wait_until(lambda: any(pod["status"].get("conditions") for pod in new_pods()))
    for pod in new_pods():
        odd = [{"type": "PodScheduled", "status": "False", "lastTransitionTime": "yesterday"}]
        world.cluster.store.replace("pods", {**pod, "status": {**pod["status"], "conditions": odd}})
    return deploy


def test_another_deploy_comes_to_its_end(world: World, clients: Clients, unreadable: Deploy) -> None:
    world.commit(OTHER)
    observe(clients, [OTHER])
    other = begin(ask(OTHER), clients)
    Deploy.objects.filter(pk=other.pk).update(patched_at=Clock()())

    see_through(other, clients, until=lambda deploy: deploy.status == Status.SUCCEEDED)

    unreadable.refresh_from_db()
    assert other.status == Status.SUCCEEDED
    assert unreadable.status == Status.ROLLING_OUT
    assert unreadable.message.startswith(
        "What the cluster shows of it cannot be read, and is looked at again: "
    )


def test_it_times_out_like_any_other(clients: Clients, unreadable: Deploy) -> None:
    see_through(unreadable, clients, clock=Clock(minutes=16))

    assert unreadable.status == Status.TIMED_OUT
    assert unreadable.message.startswith("The cluster could not be asked how it ended: ValueError")
