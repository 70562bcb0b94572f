"""Google's messages, pulled: each is written down before it is acknowledged, by one worker at a time."""

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import psycopg
import pytest
from django.utils import timezone
from django_q.models import OrmQ

from demo.world import World
from deployments.clients.pubsub import Subscription, UnableToPull
from deployments.locks import Lock
from deployments.models import HookDelivery, Site
from deployments.operations.hooks.pull import pull_hooks
from deployments.operations.tick import Doors, tick
from simulators.pubsub import NAME, DemoPubSub
from tests.processes import database_url
from tests.roles import WORKER, acting_as

pytestmark = pytest.mark.django_db
A_MOMENT = timedelta(seconds=0.3)


@pytest.fixture
def pubsub() -> Iterator[DemoPubSub]:
    server = DemoPubSub().start()
    yield server
    server.stop()


@pytest.fixture
def subscription(pubsub: DemoPubSub) -> Iterator[Subscription]:
    with Subscription(
        NAME, url=pubsub.url, credentials=SimpleNamespace(valid=True, token=pubsub.token)
    ) as each:
        yield each


def pull(subscription: Subscription, for_time: timedelta = A_MOMENT) -> bool:
    with acting_as(WORKER):
        return pull_hooks(subscription=subscription, clock=timezone.now, for_time=for_time, wait_seconds=5)


def image(world: World, site: Site) -> dict[str, str]:
    return {"action": "INSERT", "tag": f"{world.image(site.host)}"}


def test_a_pushed_image_and_a_schedule_are_taken_in_and_acknowledged(
    world: World, sites: dict[str, Site], pubsub: DemoPubSub, subscription: Subscription
) -> None:
    site = next(iter(sites.values()))
    pubsub.publish(image(world, site))
    pubsub.publish({"job": "sync"})

    goes_on = pull(subscription)

    assert goes_on
    assert [(row.names, row.everything) for row in HookDelivery.objects.order_by("id")] == [
        ([site.host], False),
        ([], True),
    ]
    assert pubsub.left == {}
    assert OrmQ.objects.count() == 1


@pytest.mark.parametrize("junk", [b"", b"\xff", b"{", b"[]", b'"sync"', b'{"job": "rm"}'])
def test_junk_is_acknowledged_and_queues_nothing(
    pubsub: DemoPubSub, subscription: Subscription, junk: bytes
) -> None:
    pubsub.publish(junk)

    pull(subscription)

    assert (pubsub.left, OrmQ.objects.exists()) == ({}, False)


def test_one_that_could_not_be_acknowledged_comes_again_and_does_nothing(
    world: World, sites: dict[str, Site], pubsub: DemoPubSub, subscription: Subscription
) -> None:
    number = pubsub.publish(image(world, next(iter(sites.values()))))
    message = dict(pubsub.left)
    pull(subscription)
    pubsub.left = message

    pull(subscription)

    assert [row.delivery_id for row in HookDelivery.objects.all()] == [number]
    assert (pubsub.left, OrmQ.objects.count()) == ({}, 1)


@pytest.mark.parametrize("body", [b"[" * 100_000, b"[]", b"5", b"\xff"], ids=range(4))
def test_an_answer_that_cannot_be_read_ends_it(
    pubsub: DemoPubSub, subscription: Subscription, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    pubsub.body = body

    assert not pull(subscription)
    assert "Pub/Sub cannot be asked" in caplog.text


@pytest.mark.parametrize(
    ("status", "remedy"), [(403, "roles/pubsub.subscriber"), (404, "PUBSUB_SUBSCRIPTION"), (500, "HTTP 500")]
)
def test_a_refusal_ends_it_with_what_helps_and_keeps_the_message(
    pubsub: DemoPubSub, subscription: Subscription, caplog: pytest.LogCaptureFixture, status: int, remedy: str
) -> None:
    pubsub.publish({"job": "sync"})
    pubsub.fails = status

    assert not pull(subscription)
    assert remedy in caplog.text
    assert len(pubsub.left) == 1


def test_where_another_pulls_it_ends_at_once(pubsub: DemoPubSub, subscription: Subscription) -> None:
    with psycopg.connect(database_url()) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [Lock.PULL.value])

        goes_on = pull(subscription)

    assert (goes_on, pubsub.pulls) == (False, 0)


def test_a_subscription_with_nothing_new_is_waited_for(
    pubsub: DemoPubSub, subscription: Subscription
) -> None:
    pubsub.wait_seconds = 2

    assert subscription.pull(wait_seconds=0.1) == []


def test_credentials_that_cannot_be_had_say_what_to_do(pubsub: DemoPubSub) -> None:
    wrong = SimpleNamespace(valid=False, refresh=lambda _: {}["none"])

    with pytest.raises(UnableToPull, match="Give the worker an account"):
        Subscription(NAME, url=pubsub.url, credentials=wrong).pull(wait_seconds=1)


def test_the_tick_has_one_worker_pull_where_a_subscription_is_set() -> None:
    for _ in range(2):
        tick(now=timezone.now(), doors=Doors(is_pulling=True))
    tick(now=timezone.now())

    assert [entry.task["func"].rpartition(".")[2] for entry in OrmQ.objects.all()] == ["pull_hooks"]
