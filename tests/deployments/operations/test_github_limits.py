"""GitHub's limits are honoured by every run and every process, to the second, and shown."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from demo.world import World
from deployments.clients.clients import Clients
from deployments.clients.github import GitHub, GitHubRateLimited
from deployments.models import GitHubPause, Observation
from deployments.operations.github_limits import Pauses, read_pauses, remember
from deployments.operations.sync.commits import fetch_commits
from deployments.operations.sync.run import sync
from deployments.queries import system_status
from simulators.github import Failure
from tests.factories import NOW

WHO = "GITHUB_TOKEN"

pytestmark = pytest.mark.usefixtures("sites")


def sync_at(clients: Clients, moment: datetime | None = None):
    return sync(clients=clients, clock=lambda: moment or timezone.now())


def limited(until: datetime, *, is_stated: bool = True) -> dict[str, GitHubRateLimited]:
    return {WHO: GitHubRateLimited(until, is_stated=is_stated)}


def test_no_process_asks_before_github_answers_again(world: World, clients: Clients) -> None:
    world.github.fail_next(Failure.SECONDARY_LIMIT)
    sync_at(clients)
    until = GitHubPause.objects.get().until
    world.github.requests.clear()

    with GitHub(token=world.github.token, api_url=world.github.url) as another:
        sync_at(Clients(another, clients.registry, clients.connected), until - timedelta(seconds=1))

    assert world.github.requests == []
    assert "GitHub answers again at" in Observation.objects.first().github_problem


def test_it_is_asked_again_at_that_second(world: World, clients: Clients) -> None:
    world.github.fail_next(Failure.SECONDARY_LIMIT)
    sync_at(clients)

    sync_at(clients, GitHubPause.objects.get().until)

    assert not Observation.objects.exclude(github_problem="").exists()
    assert not GitHubPause.objects.exists()


def test_the_pause_is_as_long_as_github_said(world: World, clients: Clients) -> None:
    world.github.limits["graphql"].remaining = 0

    sync_at(clients)

    pause = GitHubPause.objects.get()
    assert pause.who == f"{WHO}, graphql"
    assert pause.until == world.github.limits["graphql"].resets_at.replace(microsecond=0)


def test_a_dry_run_keeps_no_pause(world: World, clients: Clients) -> None:
    world.github.fail_next(Failure.SECONDARY_LIMIT)

    sync(clients=clients, clock=timezone.now, dry_run=True)

    assert not GitHubPause.objects.exists()


def test_every_page_says_when_github_answers_again(world: World, clients: Clients) -> None:
    until = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)

    GitHubPause.objects.create(who=WHO, until=until)

    assert system_status(now=NOW).github_rests_until == until
    assert system_status(now=until).github_rests_until is None


def test_without_a_word_of_githubs_the_wait_doubles(db: None) -> None:
    waits = []
    now = NOW
    for _ in range(3):
        remember(limited(now + timedelta(minutes=1), is_stated=False), read_pauses(), now=now)
        waits.append(GitHubPause.objects.get().until - now)
        now = GitHubPause.objects.get().until

    assert [each // timedelta(minutes=1) for each in waits] == [1, 2, 4]


def test_a_shorter_word_does_not_shorten_a_longer_one(db: None) -> None:
    remember(limited(NOW + timedelta(hours=1)), Pauses(), now=NOW)

    remember(limited(NOW + timedelta(minutes=1)), Pauses(), now=NOW)

    assert GitHubPause.objects.get().until == NOW + timedelta(hours=1)


def test_lists_of_commits_wait_too(world: World, clients: Clients) -> None:
    host = next(iter(world.mappings))
    world.commit(host)
    sync_at(clients)
    GitHubPause.objects.create(who=WHO, until=timezone.now() + timedelta(hours=1))
    world.github.requests.clear()

    fetched = fetch_commits(github=clients.github, now=timezone.now())

    assert (fetched, world.github.requests) == (0, [])


def test_a_limit_met_by_a_list_of_commits_is_kept(world: World, clients: Clients) -> None:
    host = next(iter(world.mappings))
    world.commit(host)
    sync_at(clients)
    world.github.fail_next(Failure.SECONDARY_LIMIT)

    fetch_commits(github=clients.github, now=timezone.now())

    assert GitHubPause.objects.get().who == WHO
