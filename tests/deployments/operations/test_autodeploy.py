"""Auto-deploy: the site's own settings apply, and its page says what the sync does, in the same words."""

from datetime import datetime, timedelta

import pytest

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import CommitRange, Deploy, Site, Status
from deployments.operations.sync.commits import fetch_commits
from deployments.operations.sync.run import sync
from deployments.queries import site_page
from deployments.rules.autodeploy import Go
from tests.factories import NOW, ask, observe

HOST = "cacophony.natwelch.com"

pytestmark = pytest.mark.usefixtures("sites")


def automate(**policy: object) -> None:
    Site.objects.filter(host=HOST).update(auto_deploy=True, **policy)


def decision(clients: Clients) -> list[str]:
    return observe(clients).run.decisions[HOST]


def test_a_site_waits_for_its_ci(world: World, clients: Clients) -> None:
    head = world.commit(HOST, checks="PENDING")
    automate()

    assert decision(clients)[:2] == ["wait", f"CI has not finished on {head[:7]}."]


def test_a_site_that_does_not_wait_for_ci_ships_while_it_runs(world: World, clients: Clients) -> None:
    head = world.commit(HOST, checks="PENDING")
    automate(wait_for_ci=False)

    observe(clients)

    assert Deploy.objects.get().sha == head


def test_a_site_leaves_its_interval_between_two_deploys(world: World, clients: Clients) -> None:
    world.commit(HOST)
    observe(clients)
    Deploy.objects.filter(pk=ask(HOST, now=NOW - timedelta(minutes=20)).pk).update(
        status=Status.CANCELLED, finished_at=NOW
    )
    world.commit(HOST)
    automate(minimum_interval_minutes=30)

    assert decision(clients)[:2] == [
        "wait",
        "The last deploy started less than 30 minutes ago; 10 minutes to go.",
    ]


def test_after_its_interval_a_site_ships_again(world: World, clients: Clients) -> None:
    world.commit(HOST)
    observe(clients)
    Deploy.objects.filter(pk=ask(HOST, now=NOW - timedelta(minutes=30)).pk).update(
        status=Status.CANCELLED, finished_at=NOW
    )
    world.commit(HOST)
    automate(minimum_interval_minutes=30)

    assert decision(clients)[0] == "go"


def test_a_head_that_a_later_commit_takes_back_is_left_alone(world: World, clients: Clients) -> None:
    reverted = world.commit(HOST, "Delete the cache")
    revert = world.commit(HOST, f'Revert "Delete the cache"\n\nThis reverts commit {reverted}.')
    observe(clients)
    fetch_commits(github=clients.github, now=NOW)
    # GitHub's answers lag behind its own: the head is seen as it was before the revert.
    world.repository(HOST).force_push(reverted)
    automate()

    assert decision(clients)[:2] == [
        "wait",
        f"{reverted[:7]} is reverted by {revert[:7]}, which is deployed instead.",
    ]


def test_a_head_that_takes_an_earlier_commit_back_goes_out(world: World, clients: Clients) -> None:
    reverted = world.commit(HOST, "Delete the cache")
    revert = world.commit(HOST, f'Revert "Delete the cache"\n\nThis reverts commit {reverted}.')
    observe(clients)
    fetch_commits(github=clients.github, now=NOW)
    automate()

    observe(clients)

    assert CommitRange.objects.get().reverts == {reverted: revert}
    assert Deploy.objects.get().sha == revert


@pytest.mark.parametrize("checks", ["PENDING", "FAILURE"])
def test_the_sites_page_says_why_in_the_words_of_the_sync(
    world: World, clients: Clients, checks: str
) -> None:
    world.commit(HOST, checks=checks)
    automate()
    reason = decision(clients)[1]

    verdict = site_page(name=HOST, now=NOW).verdict

    assert not isinstance(verdict, Go)
    assert verdict.reason == reason


def test_the_sites_page_says_what_the_next_sync_deploys(world: World, clients: Clients) -> None:
    head = world.commit(HOST)
    observe(clients)
    automate()

    verdict = site_page(name=HOST, now=NOW).verdict

    assert verdict == Go(head, world.image(HOST, head))


def decision_at(clients: Clients, now: datetime) -> list[str]:
    return sync(clients=clients, clock=lambda: now).run.decisions[HOST]


def test_a_head_whose_ci_has_not_begun_is_pending_for_a_while_and_then_overdue(
    world: World, clients: Clients
) -> None:
    world.commit(HOST, built=False)
    observe(clients)
    automate()
    head = world.commit(HOST)
    world.repository(HOST).set_checks(head, None)

    young = decision_at(clients, NOW)
    still = decision_at(clients, NOW + timedelta(minutes=14))
    old = decision_at(clients, NOW + timedelta(minutes=15))

    assert young[:2] == still[:2] == ["wait", f"CI has not finished on {head[:7]}."]
    assert old[:2] == ["wait", f"CI has not begun on {head[:7]}, and earlier commits of this branch had CI."]
    assert "CI has not begun" in site_page(name=HOST, now=NOW).row.answer.message
    assert not Deploy.objects.exists()


def test_where_no_commit_of_the_branch_had_ci_none_is_waited_for(world: World, clients: Clients) -> None:
    observe(clients)
    automate()
    head = world.commit(HOST)
    world.repository(HOST).set_checks(head, None)

    observe(clients)

    assert Deploy.objects.get().sha == head
