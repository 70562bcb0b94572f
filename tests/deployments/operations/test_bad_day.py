"""A few days of a cluster's ordinary noise; tests/chaos/test_bad_days.py lives through thirty.

`BAD_DAYS_SEED=5 make test T=tests/deployments/operations/test_bad_day.py` lives through those of that seed.
"""

import os
from random import SystemRandom

import pytest

from demo.world import World
from deployments.clients.clients import Clients
from simulators.cluster.simulated_time import SimulatedTime
from tests.bad_days.fixtures import lived, time, world

__all__ = ["time", "world"]

SAME_SEED = 1


@pytest.mark.parametrize(
    ("seed", "deploys"),
    [pytest.param(SAME_SEED, 4, marks=pytest.mark.slow), (None, 2)],
    ids=["same", "random"],
)
def test_every_deploy_ends_as_it_must(
    world: World, clients: Clients, time: SimulatedTime, seed: int | None, deploys: int
) -> None:
    seed = int(os.environ.get("BAD_DAYS_SEED") or seed or SystemRandom().randrange(10**6))
    deploys = int(os.environ.get("BAD_DAYS_DEPLOYS") or deploys)
    print(f"BAD_DAYS_SEED={seed} BAD_DAYS_DEPLOYS={deploys}")  # noqa: T201  what a failure is repeated with

    month = lived(seed=seed, deploys=deploys, world=world, clients=clients, time=time)

    assert month.faults == []
    assert month.ended == deploys
