"""Between two syncs: a new head, CI's answer and a built image are found, and what is not new costs next to nothing."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import GitHubPause, HeadCheck, Observation, Site, SyncRun
from deployments.operations.sync.head_check import check_heads
from deployments.operations.tick import Doors, tick
from simulators.github import Failure
from simulators.registry import OCI_INDEX
from tests.factories import NOW, observe
from tests.roles import WORKER, acting_as

pytestmark = pytest.mark.django_db
HOST = "cacophony.natwelch.com"
INTERVAL = timedelta(minutes=2)
TWO_MINUTES, TWENTY_SECONDS = timedelta(minutes=2), timedelta(seconds=20)


def check(clients: Clients, *, at: datetime = NOW) -> list[str]:
    OrmQ.objects.all().delete()
    with acting_as(WORKER):
        return check_heads(clients=clients, interval=INTERVAL, now=at)


def queued() -> list[tuple[str, list[str]]]:
    tasks = [entry.task for entry in OrmQ.objects.order_by("id")]
    return [(task["func"].rpartition(".")[2], task["kwargs"].get("names", [])) for task in tasks]


@pytest.fixture
def checked(clients: Clients, sites: dict[str, Site]) -> Clients:
    """All sites were synced, and the first check is due."""
    observe(clients)
    check(clients, at=NOW - INTERVAL)
    return clients


def test_where_nothing_is_new_nothing_is_written_and_the_cluster_is_not_asked(
    world: World, checked: Clients
) -> None:
    before = list(Observation.objects.values()), SyncRun.objects.count()
    world.cluster.requests.clear()

    with CaptureQueriesContext(connection) as statements:
        found = check(checked)

    assert (found, queued()) == ([], [])
    assert (list(Observation.objects.values()), SyncRun.objects.count()) == before
    assert len(world.cluster.requests) == 0
    # The first empties the queue for this test.
    assert len(statements) == 1 + 2


def test_a_new_head_is_synced_and_watched_every_20_seconds_until_it_is_built(
    world: World, checked: Clients
) -> None:
    sha = world.commit(HOST, built=False)

    assert check(checked) == [HOST]
    assert queued() == [("sync", [HOST]), ("check_heads", [])]
    observe(checked, names=[HOST])
    assert check(checked, at=NOW + TWENTY_SECONDS) == []
    assert queued() == [("check_heads", [])]
    world.build(HOST, sha)
    assert check(checked, at=NOW + 2 * TWENTY_SECONDS) == [HOST]
    assert queued() == [("sync", [HOST])]


@pytest.mark.by_label
def test_a_build_that_no_sync_can_read_is_not_synced_time_and_again(world: World, checked: Clients) -> None:
    """Such as an index whose images were cleaned up: each sync costs a request of GitHub and two pulls."""
    index = world.build(HOST, world.commit(HOST, built=False), media_type=OCI_INDEX)
    (child,) = world.registry.platforms(world.path(HOST), index)
    world.registry.remove_manifest(world.path(HOST), child)
    found = []
    for minutes in (0, 2, 4, 6, 18, 20):
        found.append(check(checked, at=NOW + timedelta(minutes=minutes)))
        observe(checked, names=[HOST])

    world.build(HOST, world.repository(HOST).head)

    assert found == [[HOST], [HOST], [], [], [HOST], []]
    assert check(checked, at=NOW + timedelta(minutes=22)) == [HOST]


@pytest.mark.parametrize("missing", ["its image", "its CI"])
def test_a_head_that_a_hook_brought_is_watched_before_the_next_check_of_all(
    world: World, checked: Clients, missing: str
) -> None:
    check(checked)
    is_built = missing != "its image"
    sha = world.commit(HOST, built=is_built, checks="PENDING" if is_built else "SUCCESS")
    with acting_as(WORKER):
        observe(checked, names=[HOST])
    assert "check_heads" in {name for name, _ in queued()}

    world.build(HOST, sha)
    world.repository(HOST).set_checks(sha, "SUCCESS")

    assert check(checked, at=NOW + TWENTY_SECONDS) == [HOST]


def test_a_head_that_is_not_built_for_long_is_not_watched_again(world: World, checked: Clients) -> None:
    world.commit(HOST, built=False)
    observe(checked, names=[HOST])
    hours_ago = NOW - timedelta(hours=3)
    Observation.objects.filter(site__host=HOST).update(head_seen_at=hours_ago, head_headline="Amended")
    HeadCheck.objects.update(watched={}, watch_at=None)

    observe(checked, names=[HOST])

    assert HeadCheck.objects.get().watched == {}


def test_what_is_watched_is_asked_alone(world: World, checked: Clients) -> None:
    world.commit(HOST, built=False)
    check(checked)
    observe(checked, names=[HOST])
    world.github.requests.clear()

    check(checked, at=NOW + TWENTY_SECONDS)

    assert [len(each.repositories) for each in world.github.requests] == [1]


def test_ci_s_answer_is_found(world: World, checked: Clients) -> None:
    sha = world.commit(HOST, checks="PENDING")
    check(checked)
    observe(checked, names=[HOST])
    world.repository(HOST).set_checks(sha, "SUCCESS")

    assert check(checked, at=NOW + TWENTY_SECONDS) == [HOST]


def test_after_two_hours_a_head_that_is_never_built_is_asked_with_the_others_only(
    world: World, checked: Clients
) -> None:
    world.commit(HOST, built=False)
    check(checked)
    observe(checked, names=[HOST])

    check(checked, at=NOW + timedelta(hours=2))
    assert queued() == []
    assert check(checked, at=NOW + timedelta(hours=2) + TWENTY_SECONDS) == []
    check(checked, at=NOW + timedelta(hours=2) + TWO_MINUTES)

    assert queued() == []
    assert len(HeadCheck.objects.get().watched) == 1


def test_two_workers_check_once(world: World, checked: Clients) -> None:
    world.github.requests.clear()

    check(checked)
    check(checked)

    assert len(world.github.requests) == 1


def test_a_silent_github_changes_nothing_and_is_reported_by_the_sync(world: World, checked: Clients) -> None:
    world.commit(HOST)
    world.github.fail_next(Failure.BAD_GATEWAY, times=50)

    assert check(checked) == []
    assert Observation.objects.exclude(github_problem="").count() == 0


def test_a_limit_of_github_s_is_kept_for_everyone_and_honoured(world: World, checked: Clients) -> None:
    world.github.fail_next(Failure.RATE_LIMITED)
    check(checked)
    world.github.requests.clear()

    check(checked, at=NOW + TWO_MINUTES)

    assert GitHubPause.objects.exists()
    assert world.github.requests == []


@pytest.mark.parametrize("limit", [5000, 100])
def test_it_slows_down_where_the_budget_is_small(world: World, checked: Clients, limit: int) -> None:
    world.github.limits["graphql"].limit = limit

    check(checked)
    pause = HeadCheck.objects.get().pause

    assert pause == (TWO_MINUTES if limit > 100 else timedelta(minutes=12))
    assert check(checked, at=NOW + TWO_MINUTES) == []


@pytest.mark.five_sites
def test_a_repository_that_is_another_by_that_name_is_left_to_the_sync(
    world: World, checked: Clients
) -> None:
    slug = world.repository(HOST).full_name
    world.repository(HOST).delete()
    world.github.repositories.create(slug, "main").commit("Hello")

    assert check(checked) == []


@pytest.mark.slow
@pytest.mark.whole_table
def test_an_hour_in_which_nothing_changes_costs_62_requests_and_60_statements(
    world: World, checked: Clients
) -> None:
    world.github.requests.clear()
    observe(checked)
    statements = {
        checks: sum(
            _statements(checked, at=NOW + timedelta(seconds=30 * number), checks=checks)
            for number in range(120)
        )
        for checks in (False, True)
    }

    assert len(world.github.requests) <= 62
    assert statements[True] - statements[False] <= 60


def _statements(clients: Clients, *, at: datetime, checks: bool) -> int:
    """Of a worker's tick, with what it does itself when the heads are due."""
    OrmQ.objects.all().delete()
    with acting_as(WORKER), CaptureQueriesContext(connection) as statements:
        if tick(now=at, doors=Doors(checks_heads=checks)):
            check_heads(clients=clients, interval=INTERVAL, now=at)
    assert queued() == []
    return len(statements)
