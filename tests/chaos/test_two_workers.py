"""Two workers on one queue: each Deploy is done once, and ends as its site does."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from demo.world import World, read_mappings
from deployments.clients.clients import Clients
from deployments.models import Deploy, DeployEvent
from tests.chaos.end_state import check_all_succeeded, check_patched_once_at_most, in_words, still_active
from tests.factories import ask, observe
from tests.processes import MANAGE, Running, environment, eventually

pytestmark = [pytest.mark.django_db(transaction=True)]
STUCK_AFTER_SECONDS = 180


@pytest.fixture
def world(request: pytest.FixtureRequest, settings: Settings) -> Iterator[World]:
    """As many sites as the test asks for: the real table, repeated under other names."""
    mappings = [
        replace(
            each,
            host=f"{number}.{each.host}",
            repository=f"{each.repository}-{number}",
            deployment=f"{each.deployment}-{number}",
        )
        for number, each in enumerate(islice(cycle(read_mappings()), request.param))
    ]
    with World(mappings, start_seconds=0.05) as world:
        settings.IMAGE_TEMPLATE = world.image_template
        yield world


@pytest.mark.parametrize(
    "world", [12, pytest.param(200, marks=[pytest.mark.chaos, pytest.mark.timeout(900)])], indirect=True
)
def test_two_workers_do_every_deploy_once(world: World, clients: Clients, tmp_path: Path) -> None:
    for host in world.mappings:
        world.commit(host)
    observe(clients)
    deploys = [ask(host, now=timezone.now()) for host in world.mappings]
    env = environment(tmp_path, **world.settings(tmp_path))

    with ExitStack() as running:
        for number in range(2):
            own = env | {"HEARTBEAT_FILE": str(tmp_path / f"heartbeat{number}")}
            running.enter_context(Running([*MANAGE, "worker"], own, log=tmp_path / f"worker{number}.log"))
        ended = eventually(lambda: not still_active(deploys), seconds=STUCK_AFTER_SECONDS, every=0.5)

    assert ended, in_words(still_active(deploys))
    check_all_succeeded(world, deploys)
    check_patched_once_at_most(world, deploys)
    accepted = DeployEvent.objects.filter(message="The cluster accepted the change.")
    assert Counter(accepted.values_list("deploy_id", flat=True)) == Counter(
        Deploy.objects.values_list("pk", flat=True)
    )
