"""Going back: to what ran here and is still in the registry, so that no sync undoes it and the next commit flows again."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import AuditEvent, Deploy, Hold, Kind, Site, Status
from deployments.operations.deploys.cancel import cancel_deploy
from deployments.operations.deploys.images import check_rollback_images
from deployments.operations.deploys.request import UnableToDeploy
from deployments.operations.deploys.rollback import request_rollback
from deployments.operations.deploys.start import start_deploy
from deployments.operations.hold import place_hold, resume_hold
from deployments.operations.sync.commits import fetch_commits
from deployments.operations.tick import GIVEN_UP_AFTER, tick
from deployments.queries.rollbacks import rollback_targets
from tests.factories import NOW, ask, begin, observe, succeed

HOST = "cacophony.natwelch.com"
LATER = timedelta(minutes=5)

pytestmark = pytest.mark.usefixtures("sites")


@pytest.fixture
def older(world: World, clients: Clients, nat: User) -> str:
    """Two commits were deployed one after the other; the older one of them."""
    older = world.commit(HOST, "Older")
    observe(clients)
    succeed(ask(HOST), clients, world)
    world.commit(HOST, "Newer")
    observe(clients)
    succeed(ask(HOST), clients, world)
    observe(clients)
    return older


def site() -> Site:
    return Site.objects.select_related("observation").get(host=HOST)


def roll_back(sha: str, by: User | None) -> Deploy:
    return request_rollback(site=site(), sha=sha, seen_sha=site().observation.running_sha, by=by, now=NOW)


def test_a_rollback_runs_the_older_commit_and_holds_the_newer_one(
    world: World, clients: Clients, older: str, nat: User
) -> None:
    left = site().observation.running_sha

    deploy = succeed(roll_back(older, nat), clients, world)

    hold = Hold.objects.get()
    assert (deploy.status, deploy.kind, deploy.headline) == (Status.SUCCEEDED, Kind.ROLLBACK, "Older")
    assert world.running_image(HOST) == world.image(HOST, older)
    assert deploy.rolls_back
    assert deploy.rolls_back.sha == left
    assert (hold.sha, hold.reason) == (left, "Rolled back by nat")


def test_the_sync_does_not_undo_it_and_the_next_commit_flows(
    world: World, clients: Clients, older: str, nat: User
) -> None:
    Site.objects.filter(host=HOST).update(auto_deploy=True)
    succeed(roll_back(older, nat), clients, world)

    undone = observe(clients)
    newest = world.commit(HOST, "Fixed")
    flows = observe(clients)

    assert undone.run.requested == 0
    assert flows.run.requested == 1
    assert Deploy.objects.first().sha == newest


def test_a_second_tap_is_the_same_rollback(older: str, nat: User) -> None:
    first, second = roll_back(older, nat), roll_back(older, nat)

    assert first == second
    assert Hold.objects.count() == 1


def test_a_tap_that_arrives_again_when_the_rollback_is_over_is_the_same_rollback(
    world: World, clients: Clients, older: str, nat: User
) -> None:
    tap = {"sha": older, "seen_sha": site().observation.running_sha, "by": nat, "idempotency_key": uuid4()}
    first = request_rollback(site=site(), now=NOW, **tap)
    succeed(first, clients, world)
    resume_hold(hold_id=Hold.objects.get().pk, by=nat, now=NOW)

    again = request_rollback(site=site(), now=NOW, **tap)

    assert again == first
    assert not Hold.objects.standing(now=NOW).exists()


def cancel(rollback: Deploy, clients: Clients, nat: User) -> None:
    cancel_deploy(deploy=rollback, by=nat, now=NOW)


def refuse(rollback: Deploy, clients: Clients, nat: User) -> None:
    start_deploy(deploy_id=rollback.pk, clients=clients, now=NOW, image_prefixes=("elsewhere.example/",))


def give_up(rollback: Deploy, clients: Clients, nat: User) -> None:
    tick(now=NOW + GIVEN_UP_AFTER + LATER)


@pytest.mark.parametrize("end_it", [cancel, refuse, give_up])
def test_a_rollback_that_changes_nothing_takes_its_hold_along(
    clients: Clients, older: str, nat: User, end_it: Callable[[Deploy, Clients, User], None]
) -> None:
    rollback = roll_back(older, nat)

    end_it(rollback, clients, nat)

    rollback.refresh_from_db()
    assert not rollback.is_active
    assert Hold.objects.get().resumed_by_name == "Headway"
    assert AuditEvent.objects.filter(kind=AuditEvent.Kind.RESUME, actor_name="Headway").count() == 1


def test_a_rollback_that_may_have_reached_the_cluster_leaves_its_hold(older: str, nat: User) -> None:
    rollback = roll_back(older, nat)
    assert rollback.mark_patch_sent(now=NOW)

    tick(now=NOW + GIVEN_UP_AFTER + LATER)

    rollback.refresh_from_db()
    assert rollback.status == Status.TIMED_OUT
    assert Hold.objects.get().resumed_at is None


@pytest.mark.parametrize("everything", [True, False])
def test_a_hold_leaves_the_way_back_open(
    world: World, clients: Clients, older: str, nat: User, *, everything: bool
) -> None:
    deploy = roll_back(older, nat)
    place_hold(site=None if everything else site(), reason="Incident", by=nat, now=NOW)

    assert succeed(deploy, clients, world).status == Status.SUCCEEDED
    assert world.running_image(HOST) == world.image(HOST, older)


def test_a_hold_stops_a_rollback_to_the_commit_that_it_is_on(older: str, nat: User) -> None:
    place_hold(site=site(), sha=older, reason="It leaks", by=nat, now=NOW)

    with pytest.raises(UnableToDeploy, match=r"is on hold \(by nat\): It leaks"):
        roll_back(older, nat)


def test_a_rollback_to_the_head_ships_newer_commits_and_is_held(
    world: World, clients: Clients, older: str, nat: User
) -> None:
    head = site().observation.head_sha
    succeed(roll_back(older, nat), clients, world)
    observe(clients)
    resume_hold(hold_id=Hold.objects.get().pk, by=nat, now=NOW)
    place_hold(site=None, reason="Incident", by=nat, now=NOW)

    with pytest.raises(UnableToDeploy, match=r"All deploys are paused \(by nat\): Incident"):
        roll_back(head, nat)


def test_an_earlier_hold_outlives_a_rollback_that_changes_nothing(
    clients: Clients, older: str, nat: User
) -> None:
    place_hold(site=site(), sha=site().observation.running_sha, reason="It leaks", by=nat, now=NOW)

    cancel(roll_back(older, nat), clients, nat)

    assert Hold.objects.get().resumed_at is None


def test_what_never_ran_here_is_no_way_back(world: World, older: str, nat: User) -> None:
    never = world.repository(HOST).graph.commits[1].sha

    with pytest.raises(UnableToDeploy, match="has not run here before"):
        roll_back(never, nat)

    assert not Hold.objects.exists()
    assert AuditEvent.objects.first().kind == AuditEvent.Kind.REFUSAL


def test_an_image_that_the_registry_lost_is_not_offered_as_alive_and_refused(
    world: World, clients: Clients, older: str, nat: User
) -> None:
    world.registry.remove("icco-cloud/cacophony", older)

    check_rollback_images(site_id=site().pk, registry=clients.registry, now=NOW)

    target = next(each for each in rollback_targets(site()) if each.sha == older)
    assert target.image_gone
    with pytest.raises(UnableToDeploy, match="no longer has the image"):
        roll_back(older, nat)


def test_what_ran_before_the_first_deploy_has_its_commit_s_words(world: World, clients: Clients) -> None:
    before = world.commit(HOST, "Serve pictures from a bucket\n\nThe old place goes away.")
    world.cluster.set_image(
        NAMESPACE,
        world.mappings[HOST].deployment,
        container=world.mappings[HOST].deployment,
        image=world.image(HOST),
    )
    world.cluster.settle_now()
    world.commit(HOST)
    observe(clients)
    fetch_commits(github=clients.github, now=NOW)

    succeed(ask(HOST), clients, world)
    observe(clients)

    (target,) = rollback_targets(site())
    assert (target.sha, target.headline) == (before, "Serve pictures from a bucket")


def test_what_ran_before_the_first_deploy_is_proven_alive_too(
    world: World, clients: Clients, nat: User
) -> None:
    before = world.repository(HOST).head
    world.build(HOST, before)
    world.commit(HOST)
    observe(clients)
    succeed(ask(HOST), clients, world)
    observe(clients)

    check_rollback_images(site_id=site().pk, registry=clients.registry, now=NOW)
    (alive,) = rollback_targets(site())
    world.registry.remove("icco-cloud/cacophony", before)
    check_rollback_images(site_id=site().pk, registry=clients.registry, now=NOW + LATER)
    (gone,) = rollback_targets(site())

    assert (alive.sha, alive.image_gone, alive.image_seen_at) == (before, False, NOW)
    assert (gone.image_gone, gone.image_seen_at) == (True, NOW)
    with pytest.raises(UnableToDeploy, match="no longer has the image"):
        roll_back(before, nat)


def test_an_image_that_comes_back_is_alive_again(
    world: World, clients: Clients, older: str, nat: User
) -> None:
    Deploy.objects.filter(sha=older).update(image_gone=True, image_seen_at=None)

    check_rollback_images(site_id=site().pk, registry=clients.registry, now=NOW)

    target = next(each for each in rollback_targets(site()) if each.sha == older)
    assert (target.image_gone, target.image_seen_at) == (False, NOW)


def test_a_registry_that_is_down_changes_nothing_that_was_known(
    world: World, clients: Clients, older: str
) -> None:
    Deploy.objects.filter(sha=older).update(image_gone=False, image_seen_at=NOW)
    world.registry.fail_next(500, times=9)

    check_rollback_images(site_id=site().pk, registry=clients.registry, now=NOW + LATER)

    target = next(each for each in rollback_targets(site()) if each.sha == older)
    assert (target.image_gone, target.image_seen_at) == (False, NOW)


def test_the_guard_before_the_patch_asks_the_registry_again(
    world: World, clients: Clients, older: str, nat: User
) -> None:
    deploy = roll_back(older, nat)
    world.registry.remove("icco-cloud/cacophony", older)

    begin(deploy, clients)

    assert deploy.status == Status.FAILED
    assert Deploy.objects.filter(sha=older, kind=Kind.DEPLOY).get().image_gone
    refusals = AuditEvent.objects.filter(kind=AuditEvent.Kind.REFUSAL, actor_name="Headway")
    assert deploy.message in refusals.get().message


def test_a_way_back_that_was_refused_before_the_patch_is_offered_no_more(
    world: World, clients: Clients, nat: User
) -> None:
    before = world.repository(HOST).head
    world.commit(HOST)
    observe(clients)
    succeed(ask(HOST), clients, world)
    world.registry.remove("icco-cloud/cacophony", before)

    begin(roll_back(before, nat), clients)

    (target,) = rollback_targets(site())
    assert target.image_gone


def test_going_back_needs_no_github(world: World, clients: Clients, older: str, nat: User) -> None:
    deploy = roll_back(older, nat)
    world.github.fail_next("html_502", times=99)

    assert succeed(deploy, clients, world).status == Status.SUCCEEDED
