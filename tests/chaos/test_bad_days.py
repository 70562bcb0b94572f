"""Thirty days of a cluster's ordinary noise, with 200 Deploys: `BAD_DAYS_SEED=5 make chaos` lives through those of that seed."""

import os
from collections.abc import Callable
from random import SystemRandom

import pytest

from demo.world import World
from deployments.clients.clients import Clients
from simulators.cluster.simulated_time import SimulatedTime
from tests.bad_days.fixtures import lived, time, world

__all__ = ["time", "world"]

DEPLOYS = int(os.environ.get("BAD_DAYS_DEPLOYS") or 200)

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1800), pytest.mark.django_db(transaction=True)]


def test_every_deploy_of_thirty_days_ends_as_it_must(
    world: World, clients: Clients, time: SimulatedTime, record_property: Callable[[str, object], None]
) -> None:
    seed = int(os.environ.get("BAD_DAYS_SEED") or SystemRandom().randrange(10**6))
    print(f"BAD_DAYS_SEED={seed} BAD_DAYS_DEPLOYS={DEPLOYS}")  # noqa: T201  what a failure is repeated with

    month = lived(seed=seed, deploys=DEPLOYS, world=world, clients=clients, time=time)

    record_property("rollbacks", month.rollbacks)
    record_property("days", time.passed_seconds / 86_400)
    assert month.faults == []
    assert month.ended == DEPLOYS
