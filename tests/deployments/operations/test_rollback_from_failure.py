"""Rolling back from a failure: automatically where the site is set to, and manually while it still rolls out."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import AuditEvent, Deploy, Hold, Kind, Site, Status, Trigger
from deployments.operations.deploys.cancel import UnableToCancel, abort_and_roll_back
from deployments.operations.deploys.request import UnableToDeploy
from deployments.operations.hold import place_hold
from deployments.operations.reauthentication import ReauthenticationRequired
from simulators.cluster import CRASHES
from tests.deployments.operations.following import HOST
from tests.factories import JUST_NOW, NOW, ask, begin, end, observe, succeed

LATER = timedelta(minutes=5)

pytestmark = pytest.mark.usefixtures("sites")


def failing(world: World, clients: Clients) -> Deploy:
    sha = world.commit(HOST, "Broken")
    world.behaviours[world.image(HOST, sha)] = CRASHES(3)
    observe(clients)
    return begin(ask(HOST, requested_by=User.objects.get(username="nat")), clients)


def crash(deploy: Deploy, clients: Clients, world: World) -> Deploy:
    world.cluster.wait_until(
        lambda: any(
            status.get("restartCount")
            for pod in world.cluster.pods("default", "cacophony")
            for status in pod["status"].get("containerStatuses", [])
        )
    )
    return end(deploy, clients, world, ahead=LATER)


def test_a_failed_deploy_is_rolled_back_where_the_site_has_auto_rollback(
    world: World, clients: Clients, nat: User
) -> None:
    Site.objects.filter(host=HOST).update(auto_rollback=True)
    ran = world.repository(HOST).head

    failed = crash(failing(world, clients), clients, world)

    back = Deploy.objects.first()
    assert (back.kind, back.trigger, back.sha, back.rolls_back) == (
        Kind.ROLLBACK,
        Trigger.FAILURE,
        ran,
        failed,
    )
    assert failed.message.endswith(f"Rolling back to {ran[:7]} automatically.")
    assert back.cause.startswith(f"The deploy of {failed.sha[:7]} failed:")
    assert Hold.objects.get().reason.startswith("Rolled back automatically. The deploy of")
    assert succeed(back, clients, world).status == Status.SUCCEEDED


def test_a_failed_deploy_stays_where_nobody_wants_that(world: World, clients: Clients, nat: User) -> None:
    failed = crash(failing(world, clients), clients, world)

    assert (failed.status, Deploy.objects.count()) == (Status.FAILED, 1)


def test_a_site_is_not_rolled_back_automatically_twice_in_a_row(
    world: World, clients: Clients, nat: User
) -> None:
    Site.objects.filter(host=HOST).update(auto_rollback=True)
    crash(failing(world, clients), clients, world)
    succeed(Deploy.objects.first(), clients, world)

    again = crash(failing(world, clients), clients, world)

    assert Deploy.objects.first() == again
    assert again.message.endswith(
        "The last rollback was automatic, and nothing has succeeded since. Choose what to deploy next."
    )


def test_aborting_ends_the_rollout_and_goes_back(world: World, clients: Clients, nat: User) -> None:
    ran = world.repository(HOST).head
    deploy = failing(world, clients)

    back = abort_and_roll_back(deploy=deploy, by=nat, now=NOW)

    deploy.refresh_from_db()
    assert (deploy.status, deploy.message) == (
        Status.CANCELLED,
        f"Aborted by nat: rolling back to {ran[:7]}.",
    )
    assert succeed(back, clients, world).status == Status.SUCCEEDED
    assert world.running_image(HOST) == world.image(HOST, ran)
    assert Hold.objects.get().sha == deploy.sha


def test_an_abort_without_a_way_back_changes_nothing(world: World, clients: Clients, nat: User) -> None:
    deploy = failing(world, clients)
    Deploy.objects.update(from_sha="")

    with pytest.raises(UnableToDeploy, match="has not run here before"):
        abort_and_roll_back(deploy=Deploy.objects.get(), by=nat, now=NOW)

    deploy.refresh_from_db()
    assert deploy.status == Status.ROLLING_OUT
    assert AuditEvent.objects.first().kind == AuditEvent.Kind.REFUSAL


def test_what_has_ended_cannot_be_aborted(world: World, clients: Clients, nat: User) -> None:
    world.commit(HOST)
    observe(clients)
    ended = succeed(ask(HOST), clients, world)

    with pytest.raises(UnableToCancel, match="Nothing to abort"):
        abort_and_roll_back(deploy=ended, by=nat, now=NOW)

    assert not Hold.objects.exists()


def test_a_stop_of_everything_leaves_the_automatic_way_back_open(
    world: World, clients: Clients, nat: User
) -> None:
    Site.objects.filter(host=HOST).update(auto_rollback=True)
    deploy = failing(world, clients)
    place_hold(site=None, reason="Stopped from the menu", by=nat, now=NOW)

    crash(deploy, clients, world)

    assert succeed(Deploy.objects.first(), clients, world).kind == Kind.ROLLBACK
    assert AuditEvent.objects.filter(
        kind=AuditEvent.Kind.ROLLBACK, message__endswith="It bypasses the hold by nat: Stopped from the menu."
    ).exists()


def test_aborting_passes_a_stop_of_everything(world: World, clients: Clients, nat: User) -> None:
    ran = world.repository(HOST).head
    deploy = failing(world, clients)
    place_hold(site=None, reason="Stopped from the menu", by=nat, now=NOW)

    with pytest.raises(ReauthenticationRequired, match=r"\(by nat\): Stopped from the menu"):
        abort_and_roll_back(deploy=deploy, by=nat, now=NOW)
    deploy.refresh_from_db()
    was = deploy.status
    back = abort_and_roll_back(deploy=deploy, by=nat, authentication=JUST_NOW, now=NOW)

    assert was == Status.ROLLING_OUT
    assert succeed(back, clients, world).status == Status.SUCCEEDED
    assert world.running_image(HOST) == world.image(HOST, ran)


def test_nothing_goes_back_automatically_to_a_commit_that_is_held(
    world: World, clients: Clients, nat: User
) -> None:
    Site.objects.filter(host=HOST).update(auto_rollback=True)
    ran = world.repository(HOST).head
    deploy = failing(world, clients)
    place_hold(site=Site.objects.get(host=HOST), sha=ran, reason="It leaks", by=nat, now=NOW)

    failed = crash(deploy, clients, world)

    assert Deploy.objects.count() == 1
    assert failed.message.endswith(
        f"Not rolled back automatically. Commit {ran[:7]} is on hold (by nat): It leaks. Resume it first."
    )
