"""The tick: what it does is told where it is due; here is what it costs when nothing is."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Task
from pytest_django import DjangoAssertNumQueries

from demo.cluster import SLOW
from demo.world import NAMESPACE, World
from deployments.figures import last_tick
from deployments.models import Hold, Observation
from deployments.operations.sync import sync
from deployments.operations.tick import tick
from deployments.outside import Outside
from tests.factories import NOW

QUIET = NOW.replace(minute=7)


@pytest.mark.usefixtures("db")
def test_a_tick_with_nothing_to_do_asks_four_statements(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    tick(now=QUIET)

    with django_assert_max_num_queries(4):
        tick(now=QUIET)


@pytest.mark.usefixtures("db")
def test_a_tick_is_a_sign_of_life_and_keeps_one_row() -> None:
    before = last_tick()

    for minute in (1, 2, 3):
        tick(now=NOW.replace(minute=minute))

    assert (before, last_tick()) == (None, NOW.replace(minute=3))
    assert Task.objects.count() == 1


@pytest.mark.usefixtures("db")
def test_a_hold_that_has_come_to_its_end_is_written_down_as_lifted() -> None:
    hold = Hold.objects.create(reason="The demo", placed_by_name="ann", placed_at=NOW, until=QUIET)

    tick(now=QUIET)

    hold.refresh_from_db()
    assert (hold.lifted_at, hold.lifted_by_name) == (QUIET, "its own end")


def looked_at_again(*, after: timedelta) -> list[str]:
    OrmQ.objects.all().delete()
    tick(now=timezone.now() + after)
    asked = [entry.task for entry in OrmQ.objects.all()]
    return [host for task in asked if task["func"].endswith(".sync") for host in task["kwargs"]["hosts"]]


@pytest.mark.usefixtures("sites")
def test_a_rollout_that_somebody_else_began_is_looked_at_until_its_pods_run(
    world: World, outside: Outside
) -> None:
    host, other = "cacophony.natwelch.com", "chartopia.app"
    image = world.image(other)
    world.behaviours[image] = SLOW(600)
    world.cluster.set_image(NAMESPACE, "cacophony", container="cacophony", image=image, manager="kubectl")
    sync(outside=outside, clock=timezone.now)
    assert Observation.objects.get(site__host=host).running_sha

    soon, in_a_minute, too_late = (looked_at_again(after=timedelta(seconds=each)) for each in (5, 60, 3600))
    world.cluster.settle_now()
    sync(outside=outside, clock=timezone.now)
    settled = looked_at_again(after=timedelta(seconds=60))

    assert (soon, in_a_minute, too_late, settled) == ([], [host], [], [])
    assert Observation.objects.get(site__host=host).running_sha == ""
