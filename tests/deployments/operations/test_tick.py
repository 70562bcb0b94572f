"""The tick: what it does is tested where it is due; here is what it costs when nothing is."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Task
from pytest_django import DjangoAssertNumQueries

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Hold, Observation
from deployments.operations.deploys.deploy_request import WhenReady
from deployments.operations.sync.run import sync
from deployments.operations.tick import tick
from deployments.queries.metrics_data import last_tick
from simulators.cluster import SLOW
from tests.factories import NOW, ask, begin, observe

QUIET = NOW.replace(minute=7)


@pytest.mark.usefixtures("db")
def test_a_tick_with_nothing_to_do_asks_four_statements(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    tick(now=QUIET)

    with django_assert_max_num_queries(4):
        tick(now=QUIET)


@pytest.mark.usefixtures("db")
def test_a_tick_is_a_heartbeat_and_keeps_one_row() -> None:
    before = last_tick()

    for minute in (1, 2, 3):
        tick(now=NOW.replace(minute=minute))

    assert (before, last_tick()) == (None, NOW.replace(minute=3))
    assert Task.objects.count() == 1


@pytest.mark.usefixtures("db")
def test_a_hold_that_has_come_to_its_end_is_written_down_as_resumed() -> None:
    hold = Hold.objects.create(reason="The demo", placed_by_name="ann", placed_at=NOW, until=QUIET)

    tick(now=QUIET)

    hold.refresh_from_db()
    assert (hold.resumed_at, hold.resumed_by_name) == (QUIET, "its own end")


def looked_at_again(*, after: timedelta) -> list[str]:
    OrmQ.objects.all().delete()
    tick(now=timezone.now() + after)
    asked = [entry.task for entry in OrmQ.objects.all()]
    return [host for task in asked if task["func"].endswith(".sync") for host in task["kwargs"]["names"]]


@pytest.mark.usefixtures("sites")
def test_a_rollout_that_someone_else_began_is_checked_until_its_pods_run(
    world: World, clients: Clients
) -> None:
    host, other = "cacophony.natwelch.com", "chartopia.app"
    image = world.image(other)
    world.behaviours[image] = SLOW(600)
    world.cluster.set_image(NAMESPACE, "cacophony", container="cacophony", image=image, manager="kubectl")
    sync(clients=clients, clock=timezone.now)
    assert Observation.objects.get(site__host=host).running_sha

    soon, in_a_minute, too_late = (looked_at_again(after=timedelta(seconds=each)) for each in (5, 60, 3600))
    world.cluster.settle_now()
    sync(clients=clients, clock=timezone.now)
    settled = looked_at_again(after=timedelta(seconds=60))

    assert (soon, in_a_minute, too_late, settled) == ([], [host], [], [])
    assert Observation.objects.get(site__host=host).running_sha == ""


def queued() -> list[tuple[str, object]]:
    entries = [entry.task for entry in OrmQ.objects.order_by("id")]
    return [
        (each["func"].rpartition(".")[2], each["args"] or each["kwargs"].get("names")) for each in entries
    ]


@pytest.mark.five_sites
@pytest.mark.usefixtures("sites")
def test_what_is_in_the_queue_is_not_queued_again_while_no_worker_comes_to_it(
    world: World, clients: Clients
) -> None:
    stuck = world.commit("cacophony.natwelch.com")
    waiting = world.commit("chartopia.app", built=False)
    rolling = world.commit("aniplaxt.natwelch.com")
    observe(clients)
    deploys = [
        ask("cacophony.natwelch.com"),
        ask("chartopia.app", when_ready=WhenReady()),
        ask("aniplaxt.natwelch.com"),
    ]
    begin(deploys[2], clients)
    assert [each.sha for each in deploys] == [stuck, waiting, rolling]
    OrmQ.objects.all().delete()
    later = NOW + timedelta(minutes=5)
    tick(now=later)
    due = queued()

    for _ in range(3):
        tick(now=later)

    assert sorted(name for name, _ in due) == ["check_pending_image", "follow", "start_deploy"]
    assert queued() == due


@pytest.mark.usefixtures("sites")
def test_what_a_worker_has_taken_and_not_done_is_queued_again(world: World, clients: Clients) -> None:
    world.commit("cacophony.natwelch.com")
    observe(clients)
    ask("cacophony.natwelch.com")
    OrmQ.objects.update(lock=NOW + timedelta(days=365 * 100))

    tick(now=NOW + timedelta(minutes=5))

    assert [name for name, _ in queued()].count("start_deploy") == 2
