"""Lists of commits are fetched by one worker's child at a time, which gives up where GitHub says nothing."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from time import sleep

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from demo.world import World
from deployments.clients.clients import Clients
from deployments.locks import Lock
from deployments.models import CommitRange
from deployments.operations.sync.commits import fetch_commits
from simulators.github import Failure
from tests.factories import NOW, observe
from tests.processes import eventually
from tests.sessions import held_elsewhere

FIRST, SECOND = "cacophony.natwelch.com", "chartopia.app"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sites")]


@pytest.fixture
def behind(world: World, clients: Clients) -> Iterator[None]:
    """Every one of the five sites."""
    for host in world.mappings:
        world.commit(host)
    observe(clients)
    world.github.requests.clear()
    yield
    world.github.latency_seconds = 0


def is_held(lock: Lock) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s", [lock.value]
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.five_sites
@pytest.mark.usefixtures("behind")
def test_a_github_that_fails_three_times_in_a_row_is_no_longer_queried(
    world: World, clients: Clients
) -> None:
    world.github.fail_next(Failure.BAD_GATEWAY, times=5)

    fetched = fetch_commits(github=clients.github, now=NOW)

    assert (fetched, len(world.github.requests)) == (0, 3)


@pytest.mark.five_sites
@pytest.mark.usefixtures("behind")
def test_one_repository_that_cannot_be_compared_keeps_no_other_from_its_list(
    world: World, clients: Clients
) -> None:
    world.github.poison("icco/cacophony", Failure.BAD_GATEWAY)

    fetched = fetch_commits(github=clients.github, now=NOW)

    assert (fetched, len(world.github.requests)) == (4, 5)


def test_a_new_commit_that_cannot_be_compared_yet_is_queried_again(world: World, clients: Clients) -> None:
    head = world.commit(FIRST)
    observe(clients)
    world.github.fail_next(Failure.NOT_FOUND)
    early = fetch_commits(github=clients.github, now=NOW)
    entries = OrmQ.objects.order_by("pk")
    (entry,) = [each for each in entries if each.task["func"].endswith("fetch_commits")][1:]

    fetched = fetch_commits(github=clients.github, now=NOW + timedelta(seconds=20))

    assert (early, fetched) == (0, 1)
    assert entry.lock > timezone.now()
    assert [each["sha"] for each in CommitRange.objects.get().commits] == [head]


def test_what_cannot_be_compared_for_long_is_queried_no_more(world: World, clients: Clients) -> None:
    world.commit(FIRST)
    observe(clients)
    world.github.poison("icco/cacophony", Failure.NOT_FOUND)
    fetch_commits(github=clients.github, now=NOW + timedelta(minutes=10))
    world.github.requests.clear()

    fetch_commits(github=clients.github, now=NOW + timedelta(minutes=20))

    assert (CommitRange.objects.get().total, world.github.requests) == (0, [])


@pytest.mark.usefixtures("behind")
def test_a_second_one_leaves_it_to_the_first(world: World, clients: Clients) -> None:
    with held_elsewhere(Lock.COMMITS):
        fetched = fetch_commits(github=clients.github, now=NOW)

    assert (fetched, world.github.requests) == (0, [])


def test_what_is_missing_since_the_first_began_is_fetched_by_it(world: World, clients: Clients) -> None:
    world.commit(FIRST)
    observe(clients)
    world.github.latency_seconds = 2

    def fetch() -> None:
        fetch_commits(github=clients.github, now=NOW)
        connection.close()

    thread = threading.Thread(target=fetch)
    thread.start()
    assert eventually(lambda: is_held(Lock.COMMITS), seconds=10)
    sleep(0.5)
    world.github.latency_seconds = 0
    world.commit(SECOND)
    observe(clients)
    thread.join()

    assert CommitRange.objects.count() == 2
