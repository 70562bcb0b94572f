"""A world in simulated time, and how a test lives through a plan in it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pytest_django.fixtures import Settings

from demo.world import World, read_mappings
from deployments.clients.clients import Clients
from simulators.cluster.simulated_time import SimulatedTime
from tests.bad_days.month import Month
from tests.bad_days.plan import Planner
from tests.factories import make_user

START_SECONDS = 5
"""The kubelet's own back-off is then 10, 20, 40… seconds."""


@pytest.fixture
def time() -> Iterator[SimulatedTime]:
    with SimulatedTime(datetime.now(UTC)) as time:
        yield time


@pytest.fixture
def world(time: SimulatedTime, settings: Settings) -> Iterator[World]:
    with World(read_mappings()[:5], start_seconds=START_SECONDS) as world:
        settings.IMAGE_TEMPLATE = world.image_template
        settings.IMAGE_PREFIXES = [world.image_template.partition("{")[0]]
        yield world


def lived(*, seed: int, deploys: int, world: World, clients: Clients, time: SimulatedTime) -> Month:
    """The month of this seed, lived through."""
    hosts = list(world.mappings)
    gated = hosts[::2]
    month = Month(world, clients, time, make_user("nat"))
    month.live(Planner(seed, deploys, world, hosts, gated).rounds(), gated=gated)
    return month
