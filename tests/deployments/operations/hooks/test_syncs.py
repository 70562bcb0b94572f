"""From what came in to the syncs: one of all sites that it concerns, none lost, and again where GitHub is late."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import HookDelivery, Observation, Site
from deployments.operations.hooks.receive import Outcome, receive
from deployments.operations.hooks.syncs import (
    AT_MOST,
    LATER,
    TRIGGER,
    WITHIN,
    look_again,
    prune_deliveries,
    queue_hook_syncs,
)
from deployments.operations.tick import tick
from deployments.rules.hooks.hint import Door, Hint
from tests.factories import NOW, observe
from tests.roles import WORKER, acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.five_sites]


def arrives(*hosts: str, door: Door = Door.GITHUB, **changes: object) -> HookDelivery:
    """A push to these sites' repositories, as web writes it down."""
    sites = Site.objects.filter(host__in=hosts)
    hint = Hint(
        event="push",
        summary="Push",
        repositories=tuple(f"{each.owner}/{each.repository}".lower() for each in sites),
        **{"sha": "b" * 40} | changes,
    )
    delivery = uuid4().hex
    receive(door=door, delivery_id=delivery, hint=hint, now=timezone.now())
    return HookDelivery.objects.get(delivery_id=delivery)


def syncs() -> list[tuple[list[str], str]]:
    kwargs = [entry.task["kwargs"] for entry in OrmQ.objects.order_by("id")]
    return [(each["names"], each["trigger"]) for each in kwargs if "trigger" in each]


def entries(name: str) -> int:
    return sum(entry.task["func"].endswith(f".{name}") for entry in OrmQ.objects.all())


def make_queued(now: object = None) -> list[str]:
    with acting_as(WORKER):
        return queue_hook_syncs(now=now or timezone.now())


@pytest.fixture
def hosts(sites: dict[str, Site]) -> list[str]:
    return sorted(sites)


def test_whatever_waits_becomes_one_sync_of_all_its_sites(hosts: list[str]) -> None:
    for host in (*hosts[:3], hosts[0]):
        arrives(host)

    make_queued()

    assert syncs() == [(hosts[:3], TRIGGER)]
    assert set(HookDelivery.objects.values_list("state", flat=True)) == {"queued"}


def test_nothing_that_waits_is_no_sync(hosts: list[str]) -> None:
    arrives(hosts[0])
    make_queued()

    assert (make_queued(), len(syncs())) == ([], 1)


def test_a_schedule_s_message_is_a_sync_of_everything(hosts: list[str]) -> None:
    arrives(hosts[0])
    receive(
        door=Door.GOOGLE,
        delivery_id="1",
        hint=Hint(event="schedule", summary="All", everything=True),
        now=timezone.now(),
    )

    make_queued()

    assert syncs() == [([], TRIGGER)]


def test_a_mapping_that_was_deleted_meanwhile_takes_no_other_site_along(hosts: list[str]) -> None:
    arrives(*hosts[:2])
    Site.objects.filter(host=hosts[0]).delete()

    make_queued()

    assert syncs() == [([hosts[1]], TRIGGER)]


def test_what_comes_while_a_sync_is_queued_is_another_one(hosts: list[str]) -> None:
    arrives(hosts[0])
    make_queued()
    arrives(hosts[0])

    assert entries("queue_hook_syncs") == 2
    make_queued(timezone.now() + timedelta(seconds=0.1))
    assert len(syncs()) == 2


def test_in_a_storm_the_next_sync_waits_and_nothing_is_lost(hosts: list[str]) -> None:
    now = timezone.now()
    for number in range(AT_MOST):
        arrives(hosts[0])
        make_queued(now + timedelta(milliseconds=number))
        # Each of them is soon over.
        OrmQ.objects.all().delete()
    arrives(hosts[1])
    OrmQ.objects.all().delete()

    for _ in range(3):
        make_queued(now + timedelta(milliseconds=50))

    assert (syncs(), entries("queue_hook_syncs")) == ([], 1)
    assert timezone.now() < OrmQ.objects.get().lock < timezone.now() + timedelta(seconds=2)
    make_queued(now + WITHIN + timedelta(seconds=1))
    assert syncs() == [([hosts[1]], TRIGGER)]


def test_while_two_syncs_are_under_way_the_next_waits_for_them(hosts: list[str]) -> None:
    now = timezone.now()
    for number, host in enumerate(hosts[:3]):
        arrives(host)
        make_queued(now + timedelta(seconds=3 * number))
    assert syncs() == [([hosts[0]], TRIGGER), ([hosts[1]], TRIGGER)]
    OrmQ.objects.all().delete()

    make_queued(now + timedelta(seconds=9))

    assert syncs() == [([hosts[2]], TRIGGER)]


def test_the_tick_finds_what_a_dead_worker_left_waiting(hosts: list[str]) -> None:
    arrives(hosts[0])
    OrmQ.objects.all().delete()

    tick(now=timezone.now())
    assert entries("queue_hook_syncs") == 0
    tick(now=timezone.now() + timedelta(seconds=30))

    assert entries("queue_hook_syncs") == 1


def test_a_commit_that_github_does_not_show_yet_is_looked_for_after_5_15_and_45_seconds(
    world: World, clients: Clients, hosts: list[str]
) -> None:
    host = hosts[0]
    observe(clients, names=[host])
    before = world.repository(host).head
    arrives(host, before=before, sha="c" * 40)
    OrmQ.objects.all().delete()
    found, trigger, due = [], TRIGGER, 0.0

    while trigger in LATER:
        report = observe(clients, names=[host])
        look_again(report.decisions, trigger=trigger, now=timezone.now())
        entry = OrmQ.objects.get()
        due += (entry.lock - timezone.now()).total_seconds()
        found.append((entry.task["kwargs"]["names"], round(due)))
        trigger = entry.task["kwargs"]["trigger"]
        entry.delete()
    look_again(observe(clients, names=[host]).decisions, trigger=trigger, now=timezone.now())

    assert found == [([host], 5), ([host], 15), ([host], 45)]
    assert syncs() == []


def test_a_commit_that_is_visible_is_looked_for_no_more(
    world: World, clients: Clients, hosts: list[str]
) -> None:
    host = hosts[0]
    before = world.repository(host).head
    sha = world.commit(host)
    arrives(host, before=before, sha=sha)
    OrmQ.objects.all().delete()

    late = look_again(observe(clients, names=[host]).decisions, trigger=TRIGGER, now=timezone.now())

    assert (late, syncs()) == ([], [])


def test_after_a_day_an_id_may_come_again_and_each_door_s_last_stays(hosts: list[str]) -> None:
    old = [
        arrives(hosts[0]),
        arrives(hosts[0]),
        arrives("none.example.com"),
        arrives(hosts[0], door=Door.ACTIONS),
    ]
    HookDelivery.objects.update(received_at=NOW, state="queued")
    HookDelivery.objects.filter(pk=old[2].pk).update(state="nothing")

    with acting_as(WORKER):
        prune_deliveries(now=NOW + timedelta(days=2))

    assert set(HookDelivery.objects.values_list("pk", flat=True)) == {each.pk for each in old[1:]}
    again = receive(
        door=Door.GITHUB,
        delivery_id=old[0].delivery_id,
        hint=Hint(event="push", summary="Push"),
        now=timezone.now(),
    )
    assert again.outcome is Outcome.TAKEN


def test_a_hook_of_a_site_that_was_never_seen_is_understood(hosts: list[str]) -> None:
    assert not Observation.objects.exists()

    assert arrives(hosts[0], branches=("anything",)).names == []
    assert arrives(hosts[0]).names == [hosts[0]]
