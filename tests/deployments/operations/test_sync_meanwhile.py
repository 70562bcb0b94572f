"""What people change while a sync looks around counts, and not what the sync had read before."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Observation, Site, SyncRun
from deployments.operations.sites.save import delete_mapping, save_mapping, turn_auto_deploy
from tests.factories import NOW, ask, begin, end, make_user, observe
from tests.processes import eventually

HOST, ANOTHER = "cacophony.natwelch.com", "chartopia.app"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sites")]


def sync_while(change: Callable[[], object], world: World, clients: Clients) -> SyncRun:
    """Let someone make a change as soon as the sync has begun to ask GitHub, which takes its time."""

    def change_meanwhile() -> None:
        assert eventually(SyncRun.objects.filter(result=SyncRun.Result.RUNNING).exists, seconds=10)
        change()
        connection.close()

    thread = threading.Thread(target=change_meanwhile)
    thread.start()
    world.github.latency_seconds = 1
    run = observe(clients).run
    world.github.latency_seconds = 0
    thread.join()
    return run


def site() -> Site:
    return Site.objects.get(host=HOST)


def map_to(repository: str) -> None:
    changed = site()
    before = {"repository": changed.repository}
    changed.repository, changed.branch = repository, ""
    save_mapping(site=changed, before=before, by=None, now=NOW)


def test_a_mapping_that_was_changed_is_not_taken_for_what_it_was(world: World, clients: Clients) -> None:
    other = Site.objects.get(host=ANOTHER).repository
    observe(clients)
    world.commit(HOST)

    sync_while(lambda: map_to(other), world, clients)
    observe(clients, names=[HOST])

    seen = Observation.objects.get(site__host=HOST)
    assert (seen.github_problem, seen.head_sha) == ("", world.repository(ANOTHER).head)


def test_another_repository_of_the_same_name_stays_accepted(world: World, clients: Clients) -> None:
    Observation.objects.create(site=site(), repository_id=1, head_sha="ab" * 20)

    sync_while(lambda: map_to("cacophony"), world, clients)
    observe(clients, names=[HOST])

    assert Observation.objects.get(site__host=HOST).github_problem == ""


def test_auto_deploy_that_was_turned_off_deploys_nothing(world: World, clients: Clients) -> None:
    world.commit(HOST)
    Site.objects.filter(host=HOST).update(auto_deploy=True)

    def turn_off() -> None:
        turn_auto_deploy(sites=[site()], on=False, by=make_user(), now=NOW)

    run = sync_while(turn_off, world, clients)

    assert not Deploy.objects.exists()
    assert run.decisions[HOST][:2] == [
        "stop",
        "Its mapping changed during the sync. The next sync checks it again.",
    ]


def test_a_mapping_that_was_deleted_keeps_no_other_from_its_deploy(world: World, clients: Clients) -> None:
    world.commit(HOST)
    head = world.commit(ANOTHER)
    Site.objects.update(auto_deploy=True)

    run = sync_while(lambda: delete_mapping(site=site(), by=make_user(), now=NOW), world, clients)

    assert run.result == SyncRun.Result.GOOD
    assert [each.sha for each in Deploy.objects.all()] == [head]


def test_a_deploy_that_ended_meanwhile_is_not_overwritten_by_what_ran_before(
    world: World, clients: Clients
) -> None:
    head = world.commit(HOST)
    world.commit(ANOTHER)
    observe(clients)
    make_user()
    deploy = begin(ask(HOST), clients)
    newer = world.commit(ANOTHER)
    # As the sync before the rollout's end sees them.
    world.commit(HOST)

    sync_while(lambda: end(deploy, clients, world), world, clients)

    seen = Observation.objects.get(site__host=HOST)
    assert (seen.running_sha, seen.desired_sha) == (head, head)
    assert Observation.objects.get(site__host=ANOTHER).head_sha == newer


def test_what_github_was_asked_meanwhile_is_kept(world: World, clients: Clients) -> None:
    observe(clients)
    world.commit(HOST)
    seen = Observation.objects.filter(site__host=HOST)

    sync_while(lambda: seen.update(provenance={"sha": "a" * 40}), world, clients)

    assert seen.get().provenance == {"sha": "a" * 40}
