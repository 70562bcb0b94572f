"""What is kept of a sync: each site's decision with its reason, for a while."""

from datetime import timedelta

import pytest

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import Site, SyncRun
from deployments.operations.tick import tick
from deployments.queries import sync_page, system_status
from tests.factories import NOW, observe

HOSTS = ["aniplaxt.natwelch.com", "cacophony.natwelch.com", "chartopia.app"]
MONTH = timedelta(days=30)

pytestmark = pytest.mark.usefixtures("sites")


def make_run(age: timedelta, *, result: str = "good", is_full: bool = True) -> SyncRun:
    at = NOW - age
    return SyncRun.objects.create(
        started_at=at, finished_at=at, result=result, trigger="schedule", is_full=is_full
    )


def kept() -> set[SyncRun]:
    return set(SyncRun.objects.all())


@pytest.mark.five_sites
def test_a_run_records_for_each_site_what_was_decided(world: World, clients: Clients) -> None:
    world.commit(HOSTS[0])
    world.commit(HOSTS[1])
    world.repository(HOSTS[2]).delete()
    Site.objects.filter(host=HOSTS[0]).update(auto_deploy=True)
    run = observe(clients).run

    page = sync_page(pk=run.pk, now=NOW)

    kinds = {each.name: each.kind.value for each in page.decisions}
    assert [kinds[host] for host in HOSTS] == ["deployed", "held-back", "in-trouble"]
    assert {kind.value: count for kind, count in page.counts.items()} == {
        "deployed": 1,
        "held-back": 1,
        "in-trouble": 1,
        "current": 2,
    }


def test_a_run_shows_githubs_budget(clients: Clients) -> None:
    run = observe(clients).run

    assert run.github_limit
    assert run.github_remaining is not None
    assert run.github_remaining < run.github_limit
    assert run.github_resets_at


def test_old_runs_are_thrown_away(world: World) -> None:
    make_run(MONTH + timedelta(days=1))
    recent = make_run(MONTH - timedelta(days=1))

    tick(now=NOW, keep_runs=MONTH)

    assert kept() == {recent}


def test_the_last_good_run_stays_however_old_it_is() -> None:
    last_good = make_run(MONTH * 2)
    make_run(MONTH + timedelta(days=1), result="failed")
    make_run(MONTH + timedelta(days=1), is_full=False)

    tick(now=NOW, keep_runs=MONTH)

    assert kept() == {last_good}


def test_runs_are_thrown_away_once_an_hour_at_most() -> None:
    old = make_run(MONTH * 2)
    make_run(MONTH)

    tick(now=NOW + timedelta(minutes=1), keep_runs=MONTH)

    assert old in kept()


@pytest.mark.parametrize(
    ("age", "is_overdue"), [(timedelta(hours=2), False), (timedelta(hours=2, minutes=6), True)]
)
def test_the_header_warns_once_two_runs_were_missed(age: timedelta, is_overdue: bool) -> None:
    make_run(age)

    assert system_status(now=NOW).sync_is_overdue is is_overdue


def test_a_failed_run_and_one_of_few_sites_are_no_good_sync() -> None:
    make_run(timedelta(hours=5))
    make_run(timedelta(0), result="failed")
    make_run(timedelta(0), is_full=False)

    assert system_status(now=NOW).sync_is_overdue
