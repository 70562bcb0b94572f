"""The database, the cluster, GitHub or the registry goes away or hangs in the middle of Deploys: all end truthfully."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from demo.world import World, read_mappings
from deployments.clients.clients import Clients
from deployments.models import Deploy, Status
from tests.chaos.end_state import check_all_succeeded, check_patched_once_at_most, in_words, still_active
from tests.chaos.outages import (
    Gates,
    gated,
    hang_database,
    own_database,
    settings_through,
    stop_database,
    supervised_worker,
)
from tests.factories import ask, observe
from tests.processes import environment, eventually

pytestmark = [pytest.mark.django_db(transaction=True)]
STUCK_AFTER_SECONDS = 180
FAR_ENDS = ("cluster", "github", "registry")
LONG = [pytest.mark.chaos, pytest.mark.whole_table]


@pytest.fixture
def gates(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Gates]:
    mappings = read_mappings()
    if request.node.get_closest_marker("whole_table") is None:
        mappings = mappings[:5]
    with gated(World(mappings, start_seconds=1)) as gates:
        settings.IMAGE_TEMPLATE = gates.world.image_template
        yield gates


@pytest.fixture
def world(gates: Gates) -> World:
    return gates.world


@pytest.fixture
def env(gates: Gates, tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path, **settings_through(gates, tmp_path / "gated"))


def deploy_all(
    world: World, clients: Clients, env: dict[str, str], *, problem: Callable[[], None]
) -> list[Deploy]:
    """Ask for a Deploy of every site; make trouble when some have begun; return them when all have ended.

    The commits are none's head, so that GitHub is asked about each as well.
    """
    shas = {host: (world.commit(host), world.commit(host))[0] for host in world.mappings}
    observe(clients)
    with supervised_worker(env, Path(env["HOME"])):
        deploys = [ask(host, sha, now=timezone.now()) for host, sha in shas.items()]
        begun = Deploy.objects.exclude(status=Status.QUEUED)
        assert eventually(begun.exists, seconds=60)
        problem()
        ended = eventually(lambda: _all_have_ended(deploys), seconds=STUCK_AFTER_SECONDS, every=0.5)
    assert ended, in_words(still_active(deploys))
    return deploys


def _all_have_ended(deploys: list[Deploy]) -> bool:
    with suppress(DatabaseError):
        return not still_active(deploys)
    connection.close()
    return False


def test_all_far_ends_away_for_a_moment_cost_nothing(
    gates: Gates, clients: Clients, env: dict[str, str]
) -> None:
    deploys = deploy_all(gates.world, clients, env, problem=lambda: gates.stop(*FAR_ENDS, seconds=3))

    check_all_succeeded(gates.world, deploys)
    check_patched_once_at_most(gates.world, deploys)


@pytest.mark.chaos
@pytest.mark.whole_table
@pytest.mark.parametrize("far_end", FAR_ENDS)
@pytest.mark.parametrize("problem", [Gates.stop, Gates.hang], ids=["stopped", "hung"])
def test_a_far_end_that_is_away_for_half_a_minute_costs_nothing(
    gates: Gates, clients: Clients, env: dict[str, str], problem: Callable[..., None], far_end: str
) -> None:
    deploys = deploy_all(gates.world, clients, env, problem=lambda: problem(gates, far_end, seconds=30))

    check_all_succeeded(gates.world, deploys)
    check_patched_once_at_most(gates.world, deploys)


@pytest.mark.parametrize(
    ("problem", "seconds"),
    [
        pytest.param(stop_database, 3, id="stopped"),
        pytest.param(stop_database, 30, id="stopped for long", marks=LONG),
        pytest.param(hang_database, 30, id="hung for long", marks=LONG),
    ],
)
def test_a_database_that_is_away_for_a_while_costs_nothing(
    request: pytest.FixtureRequest, gates: Gates, problem: Callable[..., None], seconds: float
) -> None:
    with own_database(f"chaos-{os.getpid()}") as server:
        clients, env = request.getfixturevalue("clients"), request.getfixturevalue("env")

        deploys = deploy_all(gates.world, clients, env, problem=lambda: problem(server, seconds=seconds))

        check_all_succeeded(gates.world, deploys)
        check_patched_once_at_most(gates.world, deploys)
