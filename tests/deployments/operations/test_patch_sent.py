"""Once the patch may have been sent, a Deploy is neither cancelled nor refused: that would not be true."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from demo.world import NAMESPACE, PROJECT, World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Status
from deployments.operations.deploys.cancel import UnableToCancel, cancel_deploy
from deployments.operations.tick import tick
from tests.deployments.operations.following import HOST, NAME
from tests.factories import NOW, ask, begin, make_user, observe

pytestmark = pytest.mark.usefixtures("sites")


@pytest.fixture
def queued(world: World, clients: Clients) -> Deploy:
    world.commit(HOST)
    observe(clients)
    return ask(HOST)


@pytest.fixture
def half_done(world: World, clients: Clients, queued: Deploy) -> Deploy:
    """A Deploy whose patch took effect, and whose worker never heard of it."""
    world.cluster.drop_connection(1, method="PATCH", after=True)
    begin(queued, clients)
    assert (queued.status, world.running_image(HOST)) == (Status.QUEUED, queued.image)
    return queued


def test_a_deploy_with_a_sent_patch_cannot_be_cancelled(half_done: Deploy) -> None:
    with pytest.raises(UnableToCancel, match="Too late to cancel"):
        cancel_deploy(deploy=half_done, by=make_user("ann"), now=NOW)

    half_done.refresh_from_db()
    assert half_done.status == Status.QUEUED


def test_a_patch_that_took_effect_is_followed_whatever_the_guards_say_since(
    world: World, clients: Clients, half_done: Deploy
) -> None:
    world.registry.remove(f"{PROJECT}/{NAME}", half_done.sha)
    world.github.fail_next(500, times=9)

    begin(half_done, clients)

    assert half_done.status == Status.ROLLING_OUT, half_done.message
    assert half_done.digest


def test_a_patch_that_took_no_effect_is_judged_again(world: World, clients: Clients, queued: Deploy) -> None:
    world.cluster.drop_connection(1, method="PATCH")
    begin(queued, clients)
    world.registry.remove(f"{PROJECT}/{NAME}", queued.sha)

    begin(queued, clients)

    assert queued.status == Status.FAILED
    assert "is not in the registry yet" in queued.message


def test_a_deployment_that_went_meanwhile_is_reported(
    world: World, clients: Clients, half_done: Deploy
) -> None:
    world.cluster.delete_deployment(NAMESPACE, NAME)

    begin(half_done, clients)

    assert half_done.status == Status.FAILED


def test_a_guard_that_stops_it_before_leaves_it_to_be_cancelled(
    world: World, clients: Clients, queued: Deploy
) -> None:
    world.registry.fail_next(500, times=5)
    begin(queued, clients)

    cancel_deploy(deploy=queued, by=make_user("ann"), now=NOW)

    assert queued.status == Status.CANCELLED


@pytest.mark.django_db(transaction=True)
def test_cancelling_while_the_patch_is_sent_is_too_late(
    world: World, clients: Clients, queued: Deploy
) -> None:
    ann = make_user("ann")
    world.cluster.hang(3, method="PATCH")

    def work() -> None:
        begin(Deploy.objects.get(pk=queued.pk), clients)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    while not Deploy.objects.filter(pk=queued.pk, patch_sent_at__isnull=False).exists():
        pass
    with pytest.raises(UnableToCancel, match="Too late to cancel"):
        cancel_deploy(deploy=queued, by=ann, now=NOW)
    worker.join()

    queued.refresh_from_db()
    assert (queued.status, world.running_image(HOST)) == (Status.ROLLING_OUT, queued.image)


@pytest.mark.parametrize("stated", [False, True])
def test_timing_out_says_whether_the_patch_may_have_arrived(
    world: World, clients: Clients, queued: Deploy, stated: bool
) -> None:
    world.cluster.drop_connection(9, method="PATCH" if stated else "GET")
    begin(queued, clients)

    tick(now=NOW + timedelta(minutes=16))

    queued.refresh_from_db()
    assert queued.status == Status.TIMED_OUT
    assert queued.message.startswith("Timed out after 15 minutes: The cluster at")
    assert queued.message.endswith("A sync is checking it.") == stated
