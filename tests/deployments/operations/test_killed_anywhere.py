"""A worker that dies at any moment of a Deploy of three workloads with a release job: the next one brings it to the same end."""

import re
from collections import Counter
from datetime import timedelta
from time import sleep
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import Deploy, EventKind, Observation, Site, Status
from deployments.operations.deploys.follow import Timeouts, follow
from deployments.operations.deploys.start import start_deploy
from tests.deployments.operations.following import HOST
from tests.factories import ask, observe
from tests.mortal import Life, Moments, worker_with
from tests.one_image import at_another_image, changes, map_shop
from tests.roles import WORKER, acting_as

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sites"),
    pytest.mark.every_kind,
    pytest.mark.slow,
]

TIMEOUTS = Timeouts(
    stability=timedelta(0), rollout=timedelta(minutes=15), poll_seconds=0, task=timedelta(seconds=60)
)


@pytest.fixture
def shop(world: World) -> World:
    """A site of three workloads, one of which has an init container, and of a release job."""
    map_shop(world, HOST, release_job="shop-upgrade")
    return world


def asked_for(world: World) -> Deploy:
    """A Deploy of a new commit, which no worker has taken up."""
    sha = world.commit(HOST)
    Observation.objects.filter(site__host=HOST).update(head_sha=sha, head_image_built=True)
    return ask(HOST, now=timezone.now())


def live(clients: Clients, world: World, life: Life) -> None:
    """Work on what is under way as the tick has a worker do it, until it has ended or the worker dies."""
    while deploy := Deploy.objects.filter(status__in=Status.FOLLOWED | {Status.QUEUED}).first():
        moments = life.moments
        with acting_as(WORKER), worker_with(life, clients) as mortal:
            if deploy.status == Status.QUEUED:
                start_deploy(deploy_id=deploy.pk, clients=mortal, now=timezone.now())
            else:
                world.cluster.settle_now()
                follow(clients=mortal, timeouts=TIMEOUTS, clock=timezone.now, sleep=lambda _: sleep(0.001))
        if moments < life.ends_at <= life.moments:
            return


def end_of(deploy: Deploy, world: World) -> dict[str, Any]:
    """A Deploy's outcome, without what differs between two that went the same way."""
    deploy.refresh_from_db()
    steps = deploy.steps.values_list("kind", "name", "containers", "wanted", "updated", "ready", "message")
    return {
        "status": deploy.status,
        "reason": deploy.reason,
        "message": re.sub(r"\b[0-9a-f]{7}\b", "SHA", deploy.message),
        "log": deploy.release_log,
        "steps": list(steps),
        "patched": all(deploy.steps.values_list("patched_at", flat=True)),
        "ends": deploy.events.filter(kind=EventKind.ENDED).count(),
        "changes": changes(world),
        "left behind": len(at_another_image(world, deploy.site, deploy.image)),
    }


@pytest.mark.parametrize(
    "at", [Moments.WRITES, pytest.param(Moments.ALL, marks=pytest.mark.chaos)], ids=["writes", "all"]
)
def test_it_comes_to_the_same_end_whenever_its_worker_dies(
    clients: Clients, shop: World, at: Moments
) -> None:
    observe(clients)
    whole = Life(at)
    undisturbed = _end_with(whole, clients, shop)

    ends = {moment: _end_with(Life(at, moment), clients, shop) for moment in range(1, whole.moments + 1)}

    assert whole.moments >= 2 * undisturbed["changes"].total()
    assert undisturbed["status"] == Status.SUCCEEDED
    assert undisturbed["left behind"] == 0
    assert undisturbed["changes"] == {"shop-web": 1, "shop-worker": 1, "shop-report": 1, "jobs": 1}
    assert {moment: end for moment, end in ends.items() if end != undisturbed} == {}


@pytest.mark.parametrize("after", [False, True], ids=["lost request", "lost answer"])
def test_it_comes_to_the_same_end_whichever_connection_breaks(
    clients: Clients, shop: World, after: bool
) -> None:
    observe(clients)
    undisturbed = _end_with(Life(), clients, shop)
    asked = Counter(each.method for each in shop.cluster.requests if each.method != "GET")

    ends = {}
    for method, number in ((method, number) for method, count in asked.items() for number in range(count)):
        shop.cluster.drop_connection(method=method, skip=number, after=after)
        ends[method, number] = _end_with(Life(), clients, shop)
        shop.cluster.failures.clear()

    assert asked == {"PATCH": 9, "POST": 1}
    assert undisturbed["changes"] == {"shop-web": 1, "shop-worker": 1, "shop-report": 1, "jobs": 1}
    assert {moment: end for moment, end in ends.items() if end != undisturbed} == {}


@pytest.mark.parametrize(
    "every", [3, pytest.param(1, marks=pytest.mark.chaos)], ids=["every third moment", "every moment"]
)
def test_what_was_changed_is_taken_back_whenever_its_worker_dies(
    clients: Clients, shop: World, every: int
) -> None:
    Site.objects.filter(host=HOST).update(auto_rollback=True)
    shop.cluster.fail_next(422, 9999, method="PATCH", path_contains="shop-report", dry_run=False)
    observe(clients)
    before = shop.image(HOST)
    whole = Life(Moments.WRITES)
    undisturbed = _end_with(whole, clients, shop)

    ends = {
        moment: _end_with(Life(Moments.WRITES, moment), clients, shop)
        for moment in range(1, whole.moments + 1, every)
    }

    assert (undisturbed["status"], undisturbed["reason"]) == (Status.FAILED, "partly_applied")
    assert undisturbed["changes"] == {"shop-web": 2, "shop-worker": 2, "jobs": 1}
    assert {moment: end for moment, end in ends.items() if end != undisturbed} == {}
    assert at_another_image(shop, Site.objects.get(host=HOST), before) == []


def _end_with(life: Life, clients: Clients, world: World) -> dict[str, Any]:
    """Let a worker of this life begin a Deploy, and one that does not die end it, and what follows from it."""
    deploy = asked_for(world)
    world.cluster.requests.clear()
    live(clients, world, life)
    live(clients, world, Life())
    end = end_of(deploy, world)
    # Nobody does here what was queued, and each that is added looks through all of it.
    OrmQ.objects.all().delete()
    if end["status"] != Status.SUCCEEDED:
        # What failed once is not taken back a second time.
        Deploy.objects.all().delete()
    return end
