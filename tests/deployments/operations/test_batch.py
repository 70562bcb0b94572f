"""Deploy all ready sites: one after another, stopping at the first failure, whether or not anyone looks."""

from contextlib import suppress
from datetime import timedelta
from time import sleep
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import BatchItem, Deploy, DeployBatch, Observation, Site, Status
from deployments.operations.deploys.batch import (
    BatchEntry,
    UnableToDeployAll,
    cancel_batch,
    continue_batches,
    request_batch,
)
from deployments.operations.deploys.cancel import cancel_deploy
from deployments.operations.deploys.follow import Timeouts, follow
from deployments.operations.hold import place_hold
from deployments.operations.tick import tick
from simulators.cluster import CRASHES
from tests.deployments.operations.test_two_taps import at_once
from tests.factories import NOW, begin, make_user, observe

HOSTS = ["aniplaxt.natwelch.com", "cacophony.natwelch.com", "chartopia.app"]
TIMEOUTS = Timeouts(
    stability=timedelta(0), rollout=timedelta(minutes=15), poll_seconds=0.05, task=timedelta(seconds=60)
)

pytestmark = [pytest.mark.usefixtures("sites"), pytest.mark.five_sites]


@pytest.fixture
def person() -> User:
    return make_user("eve")


@pytest.fixture
def batch(world: World, clients: Clients, person: User) -> DeployBatch:
    """Three sites, each with a new commit, requested together."""
    for host in HOSTS:
        world.commit(host)
    observe(clients)
    return request_batch(entries=entries(), by=person, key=uuid4(), now=NOW)


def entries(hosts: list[str] = HOSTS) -> list[BatchEntry]:
    seen = Observation.objects.in_bulk(field_name="site_id")
    sites = {site.host: seen[site.pk] for site in Site.objects.filter(host__in=hosts)}
    return [BatchEntry(host, sites[host].head_sha, sites[host].running_sha) for host in hosts]


def begun() -> list[tuple[str, str]]:
    return list(Deploy.objects.order_by("id").values_list("site__host", "status"))


def see_through(clients: Clients) -> None:
    """Let a worker see the queued Deploy to its end, and then do what the follower requested."""
    deploy = begin(Deploy.objects.get(status=Status.QUEUED), clients)
    Deploy.objects.filter(pk=deploy.pk).update(patched_at=timezone.now())
    follow(clients=clients, timeouts=TIMEOUTS, clock=timezone.now, sleep=sleep)
    asked = [task.func() for task in OrmQ.objects.all()]
    OrmQ.objects.all().delete()
    if "deployments.tasks.continue_batches" in asked:
        continue_batches(now=NOW)


def test_the_first_begins_alone(batch: DeployBatch) -> None:
    assert begun() == [(HOSTS[0], "queued")]
    assert batch.is_running


def test_one_follows_another_until_all_are_deployed(clients: Clients, batch: DeployBatch) -> None:
    for _ in HOSTS:
        see_through(clients)

    batch.refresh_from_db()
    assert begun() == [(host, "succeeded") for host in HOSTS]
    assert (batch.state, batch.message) == ("done", "All 3 sites deployed.")


def test_the_first_failure_stops_the_rest_and_says_so(
    world: World, clients: Clients, batch: DeployBatch
) -> None:
    broken = Observation.objects.get(site__host=HOSTS[1]).head_sha
    world.behaviours[world.image(HOSTS[1], broken)] = CRASHES(1, ("panic: no board",))
    see_through(clients)
    Deploy.objects.get(site__host=HOSTS[1]).move(Status.FAILED, now=NOW, message="It crashed.")

    continue_batches(now=NOW)

    batch.refresh_from_db()
    assert begun() == [(HOSTS[0], "succeeded"), (HOSTS[1], "failed")]
    assert batch.state == "stopped"
    assert batch.message == f"Stopped at {HOSTS[1]}: It crashed. 1 site after it not started."


def test_a_refused_one_stops_the_rest(clients: Clients, batch: DeployBatch, person: User) -> None:
    place_hold(site=Site.objects.get(host=HOSTS[1]), reason="The demo", by=person, now=NOW)

    see_through(clients)

    batch.refresh_from_db()
    assert batch.state == "stopped"
    assert "on hold (by eve): The demo" in batch.message


def test_one_that_a_worker_refuses_stops_the_rest(world: World, clients: Clients, batch: DeployBatch) -> None:
    first = Deploy.objects.get()
    world.registry.remove("icco-cloud/aniplaxt", first.sha)
    begin(first, clients)

    continue_batches(now=NOW)

    batch.refresh_from_db()
    assert "deployments.tasks.continue_batches" in [task.func() for task in OrmQ.objects.all()]
    assert (batch.state, len(begun())) == ("stopped", 1)


def test_a_site_that_runs_the_commit_by_now_is_passed_over(clients: Clients, batch: DeployBatch) -> None:
    seen = Observation.objects.get(site__host=HOSTS[1])
    Observation.objects.filter(pk=seen.pk).update(running_sha=seen.head_sha)

    see_through(clients)

    assert [host for host, _ in begun()] == [HOSTS[0], HOSTS[2]]


def test_it_may_run_twice(batch: DeployBatch) -> None:
    for _ in range(3):
        continue_batches(now=NOW)

    batch.refresh_from_db()
    assert (begun(), batch.state) == ([(HOSTS[0], "queued")], "running")


def test_a_double_tap_is_one_batch(world: World, clients: Clients, person: User) -> None:
    world.commit(HOSTS[0])
    observe(clients)
    key = uuid4()

    first, second = (request_batch(entries=entries(HOSTS[:1]), by=person, key=key, now=NOW) for _ in range(2))

    assert first == second
    assert len(begun()) == 1


def test_the_tick_takes_it_on_where_the_follower_died(clients: Clients, batch: DeployBatch) -> None:
    Deploy.objects.get().move(Status.SUPERSEDED, now=NOW)
    OrmQ.objects.all().delete()

    tick(now=NOW)

    assert [task.func() for task in OrmQ.objects.all()] == ["deployments.tasks.continue_batches"]


def test_cancelling_starts_nothing_more_and_takes_back_what_is_queued(
    batch: DeployBatch, person: User
) -> None:
    cancel_batch(batch=batch, by=person, now=NOW)
    continue_batches(now=NOW)

    batch.refresh_from_db()
    assert begun() == [(HOSTS[0], "cancelled")]
    assert (batch.state, batch.message) == ("cancelled", "eve cancelled it. 2 sites after it not started.")


def test_cancelling_leaves_sent_patches(clients: Clients, batch: DeployBatch, person: User) -> None:
    begin(Deploy.objects.get(), clients)

    cancel_batch(batch=batch, by=person, now=NOW)

    assert begun() == [(HOSTS[0], "rolling_out")]


def test_cancelling_one_of_its_deploys_stops_it(batch: DeployBatch, person: User) -> None:
    cancel_deploy(deploy=Deploy.objects.get(), by=person, now=NOW)

    continue_batches(now=NOW)

    batch.refresh_from_db()
    assert (batch.state, len(begun())) == ("stopped", 1)


def test_who_was_deleted_meanwhile_deploys_nothing_more(
    clients: Clients, batch: DeployBatch, person: User
) -> None:
    person.delete()

    see_through(clients)

    batch.refresh_from_db()
    assert (batch.state, len(begun())) == ("stopped", 1)
    assert "eve is no longer allowed to deploy" in batch.message


@pytest.mark.parametrize(
    "named", [[BatchEntry("nowhere.example", "a" * 40, "")], [BatchEntry(HOSTS[0], "abc", "")]]
)
def test_what_is_not_there_is_refused(person: User, named: list[BatchEntry]) -> None:
    with pytest.raises(UnableToDeployAll, match="Reload it"):
        request_batch(entries=named, by=person, key=uuid4(), now=NOW)


def test_a_batch_of_no_site_is_refused(person: User) -> None:
    with pytest.raises(UnableToDeployAll, match="Select at least one"):
        request_batch(entries=[], by=person, key=uuid4(), now=NOW)


@pytest.fixture
def pair(world: World, clients: Clients, person: User) -> DeployBatch:
    """Three sites, two at a time."""
    for host in HOSTS:
        world.commit(host)
    observe(clients)
    return request_batch(entries=entries(), by=person, key=uuid4(), at_once=2, now=NOW)


def end_one(host: str, status: Status, message: str = "") -> None:
    Deploy.objects.filter(site__host=host).update(status=status, finished_at=NOW, message=message)


def test_as_many_begin_as_were_chosen(pair: DeployBatch) -> None:
    for _ in range(3):
        continue_batches(now=NOW)

    assert begun() == [(HOSTS[0], "queued"), (HOSTS[1], "queued")]


def test_the_next_begins_as_any_ends(pair: DeployBatch) -> None:
    end_one(HOSTS[1], Status.SUCCEEDED)

    continue_batches(now=NOW)

    assert begun() == [(HOSTS[0], "queued"), (HOSTS[1], "succeeded"), (HOSTS[2], "queued")]


def test_a_step_that_is_killed_half_way_begins_none_twice(pair: DeployBatch) -> None:
    end_one(HOSTS[0], Status.SUCCEEDED)
    with suppress(KeyboardInterrupt), transaction.atomic():
        continue_batches(now=NOW)
        raise KeyboardInterrupt

    for _ in range(2):
        continue_batches(now=NOW)

    assert begun() == [(HOSTS[0], "succeeded"), (HOSTS[1], "queued"), (HOSTS[2], "queued")]


@pytest.mark.django_db(transaction=True)
def test_four_workers_at_one_moment_begin_no_more_than_were_chosen(
    world: World, clients: Clients, person: User
) -> None:
    hosts = sorted(world.mappings)
    for host in hosts:
        world.commit(host)
    observe(clients)
    batch = request_batch(entries=entries(hosts), by=person, key=uuid4(), at_once=2, now=NOW)
    end_one(hosts[0], Status.SUCCEEDED)

    at_once([lambda: continue_batches(now=NOW)] * 4)

    batch.refresh_from_db()
    assert begun() == [(hosts[0], "succeeded"), (hosts[1], "queued"), (hosts[2], "queued")]
    assert batch.is_running, batch.message


def test_a_failure_leaves_those_under_way_and_begins_no_other(pair: DeployBatch) -> None:
    end_one(HOSTS[1], Status.FAILED, "It crashed.")

    continue_batches(now=NOW)

    pair.refresh_from_db()
    assert begun() == [(HOSTS[0], "queued"), (HOSTS[1], "failed")]
    assert pair.message == f"Stopped at {HOSTS[1]}: It crashed. 1 site after it not started."


def test_a_batch_that_cannot_be_checked_keeps_no_other_waiting(
    world: World, clients: Clients, batch: DeployBatch, person: User
) -> None:
    other = min(set(world.mappings) - set(HOSTS))
    world.commit(other)
    observe(clients)
    # Its Deploy is under way, and nothing says so: the database itself refuses a second one.
    BatchItem.objects.filter(batch=batch).update(deploy=None)
    Observation.objects.update(latest_deploy=None)
    second = request_batch(entries=entries([other]), by=person, key=uuid4(), now=NOW)
    Deploy.objects.get(site__host=other).move(Status.SUPERSEDED, now=NOW)

    continue_batches(now=NOW)

    second.refresh_from_db()
    assert second.state == "stopped"
