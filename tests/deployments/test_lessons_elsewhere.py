"""What the neighbours learned the hard way: tests that carry their pattern's number. All of them: lessons.yaml."""

from datetime import timedelta

import pytest
from django.utils import timezone

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Site, Status
from deployments.operations.deploys.request import UnableToDeploy
from deployments.operations.hold import place_hold, resume_hold
from deployments.operations.sync.run import sync
from deployments.operations.sync.schedule import ensure_schedules
from deployments.queries import system_status
from simulators.github import Failure
from tests.factories import JUST_NOW, NOW, ask, begin, end, make_user, observe, succeed
from tests.worlds import clients, sites, world

__all__ = ["clients", "sites", "world"]

HOST = "cacophony.natwelch.com"

pytestmark = pytest.mark.usefixtures("sites")


def turn_on(host: str = HOST) -> None:
    Site.objects.filter(host=host).update(auto_deploy=True)


def test_01_a_rollback_is_not_undone_by_the_sync(world: World, clients: Clients) -> None:
    head = world.commit(HOST)
    observe(clients)
    turn_on()
    person = make_user()
    site = Site.objects.get(host=HOST)
    place_hold(site=site, sha=head, reason="rolled back", by=person, now=NOW)

    held = observe(clients)
    newer = world.commit(HOST)
    freed = observe(clients)

    assert held.run.requested == 0
    assert (freed.run.requested, Deploy.objects.get().sha) == (1, newer)


@pytest.mark.whole_table
def test_03_one_bad_item_does_not_stop_the_batch(world: World, clients: Clients) -> None:
    world.github.poison("icco/cacophony", Failure.RESOURCE_LIMITS)

    report = observe(clients)

    assert (report.run.sites, report.run.with_problems) == (34, 1)


def test_05_a_registry_is_queried_for_one_tag_and_never_for_a_list(world: World, clients: Clients) -> None:
    world.commit(HOST)

    observe(clients)

    asked = [each for each in world.registry.requests if each.path != "/token"]
    assert {each.method for each in asked} == {"HEAD"}
    assert not any("/tags/" in each.path for each in asked)


def test_09_auto_deploy_switched_off_is_off_whatever_asks(world: World, clients: Clients) -> None:
    world.commit(HOST)

    runs = [
        sync(clients=clients, clock=lambda: NOW, names=hosts, trigger=trigger)
        for hosts, trigger in (((), "schedule"), ([HOST], "push"), ([HOST], "image"), ([HOST], "person"))
    ]

    assert [each.run.requested for each in runs] == [0, 0, 0, 0]


def test_10_nothing_goes_backwards_automatically_after_a_force_push(world: World, clients: Clients) -> None:
    repository = world.repository(HOST)
    repository.force_push(repository.graph.commits[-2].sha)
    turn_on()

    report = observe(clients)

    assert (report.run.requested, report.run.decisions[HOST][0]) == (0, "stop")


def test_11_the_same_failing_commit_is_tried_once_automatically(world: World, clients: Clients) -> None:
    world.commit(HOST)
    turn_on()
    observe(clients)
    Deploy.objects.get().move(Status.FAILED, now=NOW)

    for _ in range(3):
        observe(clients)

    assert Deploy.objects.count() == 1


def test_15_a_dead_job_does_not_look_like_all_up_to_date(world: World, clients: Clients) -> None:
    ensure_schedules()
    now = timezone.now()
    sync(clients=clients, clock=lambda: now)

    fresh, stale = system_status(now=now), system_status(now=now + timedelta(hours=3))

    assert (fresh.sync_is_overdue, fresh.last_good_sync_at) == (False, now)
    assert stale.sync_is_overdue


def test_11_nor_is_it_tried_again_after_someone_went_back_by_hand(world: World, clients: Clients) -> None:
    older = world.repository(HOST).graph.commits[-2].sha
    world.build(HOST, older)
    failing = world.commit(HOST)
    turn_on()
    observe(clients)
    Deploy.objects.get().move(Status.FAILED, now=NOW)
    succeed(ask(HOST, sha=older), clients, world)

    report = observe(clients)

    assert report.run.decisions[HOST][:2] == [
        "stop",
        f"{failing[:7]} was already auto-deployed once. Retry it manually.",
    ]


def test_14_a_deploy_outlives_its_requesters_account(world: World, clients: Clients) -> None:
    world.commit(HOST)
    observe(clients)
    person = make_user("eve")
    deploy = begin(ask(HOST, requested_by=person), clients)
    person.delete()

    end(deploy, clients, world)

    annotations = world.cluster.deployment(NAMESPACE, "cacophony")["metadata"]["annotations"]
    assert (deploy.status, deploy.requested_by, deploy.requested_by_name) == (Status.SUCCEEDED, None, "eve")
    assert annotations["kubernetes.io/change-cause"].startswith("Headway: eve deployed")


def test_14_a_hold_outlives_the_account_of_who_placed_it(world: World, clients: Clients) -> None:
    world.commit(HOST)
    observe(clients)
    ann, eve = make_user("ann"), make_user("eve")
    hold = place_hold(site=Site.objects.get(host=HOST), reason="The demo", by=ann, now=NOW)
    ann.delete()

    with pytest.raises(UnableToDeploy, match=r"on hold \(by ann\): The demo"):
        ask(HOST, requested_by=eve)
    is_resumed = resume_hold(hold_id=hold.pk, by=eve, authentication=JUST_NOW, now=NOW)
    eve.delete()

    hold.refresh_from_db()
    assert (is_resumed, hold.placed_by, hold.placed_by_name, hold.resumed_by_name) == (
        True,
        None,
        "ann",
        "eve",
    )
