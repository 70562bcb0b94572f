"""Something else manages the Deployment: what puts its own image back is named, and what an operator owns is left alone."""

import pytest

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Site, Status, Trigger
from deployments.operations.sites.discover import discover
from deployments.queries import site_page
from deployments.rules.site_state import State
from simulators.cluster import SLOW, Reverter
from tests.deployments.operations.following import HOST, NAME, rolled_out, see_through
from tests.factories import NOW, ask, begin, observe

pytestmark = pytest.mark.usefixtures("sites")


@pytest.fixture
def reverted(world: World) -> World:
    """A controller that wants what runs."""
    world.cluster.reverters.append(
        Reverter(
            manager="argocd-controller",
            namespace=NAMESPACE,
            name=NAME,
            container=NAME,
            image=world.running_image(HOST),
            after_seconds=0.1,
        )
    )
    return world


def change(world: World, **metadata: object) -> None:
    with world.cluster.store.lock:
        thing = world.cluster.deployment(NAMESPACE, NAME)
        thing["metadata"] |= metadata
        world.cluster.store.replace("deployments", thing)


OPERATORS = [
    {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Revision",
        "name": "shop-1",
        "uid": "u",
        "controller": True,
    }
]
NOT_OURS = {
    "owned by an operator": ({"ownerReferences": OPERATORS}, "belongs to Knative's Revision “shop-1”"),
    "being deleted": ({"deletionTimestamp": "2026-11-28T10:00:00Z"}, "is being deleted"),
}


def test_who_puts_its_own_image_back_is_named_with_the_seconds(reverted: World, clients: Clients) -> None:
    deploy = rolled_out(reverted, clients, SLOW(600))

    see_through(deploy, clients)

    assert (deploy.status, deploy.reason) == (Status.SUPERSEDED, "put_back")
    assert deploy.message.startswith(f"argocd-controller put {deploy.from_sha[:7]} back ")
    assert deploy.message.endswith(" later.")


def test_auto_deploy_stops_after_one_such(reverted: World, clients: Clients) -> None:
    Site.objects.filter(host=HOST).update(auto_deploy=True)
    reverted.behaviours[reverted.image(HOST, reverted.commit(HOST))] = SLOW(600)
    observe(clients)
    first = see_through(begin(Deploy.objects.get(trigger=Trigger.SYNC), clients), clients)
    reverted.commit(HOST)

    decision = observe(clients).run.decisions[HOST]

    assert decision[0] == "stop"
    assert f"argocd-controller put {first.from_sha[:7]} back" in decision[1]
    assert Deploy.objects.count() == 1


@pytest.mark.parametrize(("metadata", "words"), NOT_OURS.values(), ids=NOT_OURS)
def test_what_is_not_ours_to_change_is_reported_and_not_deployed_to(
    world: World, clients: Clients, metadata: dict[str, object], words: str
) -> None:
    world.commit(HOST)
    observe(clients)
    deploy = ask(HOST)
    change(world, **metadata)

    begin(deploy, clients)
    observe(clients)

    assert deploy.status == Status.FAILED
    assert words in deploy.message
    assert world.running_image(HOST) == deploy.from_image
    answer = site_page(name=HOST, now=NOW).row.answer
    assert (answer.state, words in answer.message) == (State.MISSING, True)


@pytest.mark.parametrize(("metadata", "words"), NOT_OURS.values(), ids=NOT_OURS)
def test_what_is_not_ours_to_change_is_not_discovered(
    world: World, clients: Clients, metadata: dict[str, object], words: str
) -> None:
    Site.objects.filter(host=HOST).delete()
    before = [row["name"] for row in discover(clients=clients).rows]
    change(world, **metadata)

    after = [row["name"] for row in discover(clients=clients).rows]

    assert (NAME in before, NAME in after) == (True, False)


def test_a_change_since_is_no_reversion(world: World, clients: Clients) -> None:
    """Someone sets an image a while later: that is intended, and does not stop automation."""
    deploy = rolled_out(world, clients)
    by_hand = world.image(HOST, world.repository(HOST).graph.commits[-4].sha)
    world.cluster.set_image(NAMESPACE, NAME, container=NAME, image=by_hand, manager="kubectl-set")

    see_through(deploy, clients)

    assert (deploy.status, deploy.reason) == (Status.SUPERSEDED, "")
