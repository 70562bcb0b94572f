"""New pods of the same commit, and the same request once more."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Kind, Site, Status
from deployments.operations.deploys.request import UnableToDeploy
from deployments.operations.deploys.restart import request_restart
from deployments.operations.deploys.retry import request_retry
from deployments.operations.hold import place_hold
from deployments.operations.reauthentication import ReauthenticationRequired
from simulators.cluster import SLOW
from tests.factories import JUST_NOW, NOW, ask, begin, end, observe, succeed

HOST = "cacophony.natwelch.com"

pytestmark = pytest.mark.usefixtures("sites")


@pytest.fixture
def site(clients: Clients) -> Site:
    observe(clients)
    return Site.objects.select_related("observation").get(host=HOST)


def names(world: World) -> set[str]:
    return {pod["metadata"]["name"] for pod in world.cluster.pods(NAMESPACE, "cacophony")}


def restart(site: Site, by: User) -> Deploy:
    return request_restart(site=site, seen_sha=site.observation.running_sha, by=by, now=NOW)


def test_a_restart_replaces_every_pod_and_keeps_the_image(
    world: World, clients: Clients, site: Site, nat: User
) -> None:
    image, before = world.running_image(HOST), names(world)

    deploy = succeed(restart(site, nat), clients, world)

    assert (deploy.kind, deploy.status, deploy.ready) == (Kind.RESTART, Status.SUCCEEDED, deploy.wanted)
    assert world.running_image(HOST) == image
    assert not names(world) & before


def test_old_pods_do_not_count_as_ready(world: World, clients: Clients, site: Site, nat: User) -> None:
    world.behaviours[world.running_image(HOST)] = SLOW(600)
    deploy = begin(restart(site, nat), clients)

    end(deploy, clients, world, ahead=timedelta(seconds=1), for_seconds=1)

    assert (deploy.status, deploy.ready) == (Status.ROLLING_OUT, 0)


def test_a_restart_that_is_begun_twice_is_one_change(
    world: World, clients: Clients, site: Site, nat: User
) -> None:
    deploy = begin(restart(site, nat), clients)
    generation = world.cluster.deployment(NAMESPACE, "cacophony")["metadata"]["generation"]
    Deploy.objects.update(status=Status.QUEUED)

    begin(deploy, clients)

    assert deploy.status == Status.ROLLING_OUT
    assert world.cluster.deployment(NAMESPACE, "cacophony")["metadata"]["generation"] == generation


def test_an_image_changed_meanwhile_stops_it(world: World, clients: Clients, site: Site, nat: User) -> None:
    deploy = restart(site, nat)
    older = world.image(HOST, world.repository(HOST).graph.commits[-3].sha)
    world.cluster.set_image(NAMESPACE, "cacophony", container="cacophony", image=older)

    begin(deploy, clients)

    assert deploy.status == Status.FAILED
    assert "The deployed commit changed" in deploy.message


@pytest.mark.parametrize("held", ["everything", "the site", "the commit"])
def test_a_hold_does_not_stop_a_restart(
    world: World, clients: Clients, site: Site, nat: User, held: str
) -> None:
    sha = site.observation.desired_sha if held == "the commit" else ""
    place_hold(site=None if held == "everything" else site, sha=sha, reason="Migration", by=nat, now=NOW)

    with pytest.raises(ReauthenticationRequired, match=r"\(by nat\): Migration"):
        restart(site, nat)
    asked = request_restart(
        site=site, seen_sha=site.observation.running_sha, by=nat, authentication=JUST_NOW, now=NOW
    )
    deploy = succeed(asked, clients, world)

    assert deploy.status == Status.SUCCEEDED
    assert deploy.events.first().message == "Requested by nat. It bypasses the hold by nat: Migration."


def test_a_failed_deploy_is_tried_again_as_a_new_one(
    world: World, clients: Clients, site: Site, nat: User
) -> None:
    world.commit(HOST)
    observe(clients)
    failed = ask(HOST)
    failed.move(Status.FAILED, now=NOW)

    again = request_retry(deploy=failed, seen_sha=failed.from_sha, by=nat, now=NOW)

    assert (again.sha, again.status, again.requested_by) == (failed.sha, Status.QUEUED, nat)
    assert again.pk != failed.pk


def test_what_succeeded_is_not_tried_again(world: World, clients: Clients, site: Site, nat: User) -> None:
    done = succeed(restart(site, nat), clients, world)

    with pytest.raises(UnableToDeploy, match="Only a deploy that did not succeed"):
        request_retry(deploy=done, seen_sha=done.sha, by=nat, now=NOW)
