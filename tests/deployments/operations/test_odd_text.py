"""What nobody writes by hand, and PostgreSQL takes from nobody: NULs are left out of what is kept."""

from datetime import UTC, datetime

import pytest

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import CommitRange, MappedWorkload, Observation, SyncRun
from deployments.operations.sync.commits import fetch_commits
from tests.factories import NOW, observe

HOST = "cacophony.natwelch.com"
ODD = "Fix\x00 the clock \x1b[31mnow"

pytestmark = pytest.mark.usefixtures("sites")


def test_a_commits_message_keeps_no_site_from_being_observed(world: World, clients: Clients) -> None:
    head = world.commit(HOST, ODD)

    observe(clients)

    seen = Observation.objects.get(site__host=HOST)
    assert (seen.head_sha, seen.head_headline) == (head, "Fix the clock now")
    assert SyncRun.objects.get().result == SyncRun.Result.GOOD


def test_a_commits_message_keeps_no_list_of_commits_from_being_kept(world: World, clients: Clients) -> None:
    world.commit(HOST, ODD)
    observe(clients)

    fetch_commits(github=clients.github, now=NOW)

    assert [each["headline"] for each in CommitRange.objects.get().commits] == ["Fix the clock now"]


def test_a_deployments_image_keeps_no_site_from_being_observed(world: World, clients: Clients) -> None:
    image = {"cacophony": f"{world.image(HOST)}\x00"}
    world.cluster.create_deployment(NAMESPACE, "odd", containers=image, settled=True)
    MappedWorkload.objects.filter(site__host=HOST).update(name="odd", containers=["cacophony"])

    observe(clients)

    assert Observation.objects.get(site__host=HOST).desired_image == world.image(HOST)


@pytest.mark.parametrize("year", [9999, 2200, 1])
def test_a_commits_date_that_cannot_be_is_not_known(world: World, clients: Clients, year: int) -> None:
    head = world.repository(HOST).commit("From another time", at=datetime(year, 12, 31, 23, 59, tzinfo=UTC))
    world.build(HOST, head)

    observe(clients)
    fetch_commits(github=clients.github, now=NOW)

    seen = Observation.objects.get(site__host=HOST)
    assert (seen.head_sha, seen.head_committed_at) == (head, None)
    assert [each["committed_at"] for each in CommitRange.objects.get().commits] == [None]
    assert SyncRun.objects.get().result == SyncRun.Result.GOOD


def test_a_time_of_the_cluster_that_cannot_be_is_not_known(world: World, clients: Clients) -> None:
    deployment = world.cluster.store.find("deployments", NAMESPACE, "cacophony")
    fields = [each | {"time": "9999-12-31T23:59:59Z"} for each in deployment["metadata"]["managedFields"]]
    metadata = deployment["metadata"] | {"managedFields": fields}
    world.cluster.store.replace("deployments", deployment | {"metadata": metadata})

    observe(clients)

    seen = Observation.objects.get(site__host=HOST)
    assert seen.desired_at is None
    assert SyncRun.objects.get().result == SyncRun.Result.GOOD
