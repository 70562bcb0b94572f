"""Deploy when ready: requested before the image exists, started as soon as it does, timed out otherwise."""

from datetime import timedelta

import pytest
from django_q.models import OrmQ

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Site, Status
from deployments.operations.deploys.cancel import cancel_deploy
from deployments.operations.deploys.deploy_request import WhenReady
from deployments.operations.deploys.request import UnableToDeploy
from deployments.operations.deploys.waiting import check_pending_image
from deployments.operations.hold import place_hold
from deployments.operations.tick import tick
from tests.factories import NOW, ask, begin, make_user, observe

HOST = "cacophony.natwelch.com"
WHEN_READY = WhenReady()

pytestmark = pytest.mark.usefixtures("sites")


def tasks() -> list[str]:
    return [task.func().rpartition(".")[2] for task in OrmQ.objects.all()]


@pytest.fixture
def waiting(world: World, clients: Clients) -> Deploy:
    """A Deploy of a head that is not built yet."""
    return wait_for(world, clients, WHEN_READY)


def wait_for(
    world: World, clients: Clients, readiness: WhenReady, *, checks: str = "SUCCESS", built: bool = False
) -> Deploy:
    world.commit(HOST, built=built, checks=checks)
    observe(clients)
    deploy = ask(HOST, when_ready=readiness)
    OrmQ.objects.all().delete()
    return deploy


def test_it_waits_and_says_for_what(waiting: Deploy) -> None:
    assert waiting.status == Status.WAITING
    assert waiting.message.startswith(f"The image of {waiting.sha[:7]} is not built yet.")
    assert tasks() == []


def test_a_head_that_is_built_is_queued_at_once(world: World, clients: Clients) -> None:
    world.commit(HOST)
    observe(clients)

    deploy = ask(HOST, when_ready=WHEN_READY)

    assert (deploy.status, deploy.queued_at) == (Status.QUEUED, NOW)


def test_a_second_tap_returns_the_first(waiting: Deploy) -> None:
    assert ask(HOST, when_ready=WHEN_READY) == waiting


@pytest.mark.parametrize("reason", ["hold", "red"])
def test_the_other_guards_stand(world: World, clients: Clients, reason: str) -> None:
    world.commit(HOST, built=False, checks="FAILURE" if reason == "red" else "SUCCESS")
    observe(clients)
    if reason == "hold":
        place_hold(site=None, reason="Black Friday", by=make_user("ann"), now=NOW)

    with pytest.raises(UnableToDeploy, match=r"Black Friday|CI failed"):
        ask(HOST, when_ready=WHEN_READY)


def test_the_sync_that_sees_the_image_moves_it_on(world: World, clients: Clients, waiting: Deploy) -> None:
    world.build(HOST, waiting.sha)

    observe(clients)

    waiting.refresh_from_db()
    assert (waiting.status, waiting.queued_at) == (Status.QUEUED, NOW)
    assert "start_deploy" in tasks()


def test_a_sync_that_sees_no_image_leaves_it(clients: Clients, waiting: Deploy) -> None:
    observe(clients)

    waiting.refresh_from_db()
    assert waiting.status == Status.WAITING


def test_the_tick_has_the_registry_asked_by_one_head_request_and_the_get_that_confirms_it(
    world: World, clients: Clients, waiting: Deploy
) -> None:
    tick(now=NOW + timedelta(minutes=1))
    queued = tasks()
    world.registry.requests.clear()
    check_pending_image(deploy_id=waiting.pk, clients=clients, now=NOW)

    assert queued == ["check_pending_image"]
    assert [entry.method for entry in world.registry.requests] == ["HEAD", "GET"]


def test_a_look_that_finds_the_image_moves_it_on(world: World, clients: Clients, waiting: Deploy) -> None:
    world.build(HOST, waiting.sha)

    check_pending_image(deploy_id=waiting.pk, clients=clients, now=NOW)

    waiting.refresh_from_db()
    assert (waiting.status, tasks()) == (Status.QUEUED, ["start_deploy"])
    assert begin(waiting, clients).status == Status.ROLLING_OUT


def test_two_looks_queue_it_once(world: World, clients: Clients, waiting: Deploy) -> None:
    world.build(HOST, waiting.sha)

    for _ in range(2):
        check_pending_image(deploy_id=waiting.pk, clients=clients, now=NOW)

    assert tasks() == ["start_deploy"]


def test_a_registry_that_is_down_is_reported_and_asked_again(
    world: World, clients: Clients, waiting: Deploy
) -> None:
    world.registry.fail_next(500, times=9)

    check_pending_image(deploy_id=waiting.pk, clients=clients, now=NOW)

    waiting.refresh_from_db()
    assert waiting.status == Status.WAITING
    assert waiting.message.endswith("Retrying every minute.")


def test_it_can_be_cancelled(world: World, clients: Clients, waiting: Deploy) -> None:
    cancel_deploy(deploy=waiting, by=make_user("ann"), now=NOW)
    world.build(HOST, waiting.sha)

    check_pending_image(deploy_id=waiting.pk, clients=clients, now=NOW)

    waiting.refresh_from_db()
    assert (waiting.status, tasks()) == (Status.CANCELLED, [])


def test_it_times_out_after_a_while_with_a_message(waiting: Deploy) -> None:
    tick(now=NOW + timedelta(minutes=20), wait_for_image=timedelta(minutes=20))

    waiting.refresh_from_db()
    assert waiting.status == Status.TIMED_OUT
    assert waiting.message == (
        f"Timed out after 20 minutes: the image for {waiting.sha[:7]} never appeared. "
        "Check the build, then deploy again."
    )


def test_having_waited_long_does_not_shorten_its_time_in_the_queue(
    world: World, clients: Clients, waiting: Deploy
) -> None:
    later = NOW + timedelta(minutes=50)
    world.build(HOST, waiting.sha)
    check_pending_image(deploy_id=waiting.pk, clients=clients, now=later)

    tick(now=later + timedelta(minutes=1))

    waiting.refresh_from_db()
    assert waiting.status == Status.QUEUED


def test_this_commit_stays_this_commit_when_a_newer_one_comes(
    world: World, clients: Clients, waiting: Deploy
) -> None:
    asked = waiting.sha
    world.commit(HOST, "Newer")
    observe(clients)
    world.build(HOST, asked)

    check_pending_image(deploy_id=waiting.pk, clients=clients, now=NOW)

    waiting.refresh_from_db()
    assert (waiting.sha, waiting.status) == (asked, Status.QUEUED)
    assert begin(waiting, clients).status == Status.ROLLING_OUT


def test_the_newest_takes_its_place_where_the_person_chose_so(world: World, clients: Clients) -> None:
    deploy = wait_for(world, clients, WhenReady(follow_head=True))
    newest = world.commit(HOST, "Newer")

    observe(clients)

    deploy.refresh_from_db()
    assert (deploy.sha, deploy.headline, deploy.status) == (newest, "Newer", Status.QUEUED)
    assert deploy.image == world.image(HOST, newest)


def test_a_template_that_broke_meanwhile_is_no_other_sites_trouble(world: World, clients: Clients) -> None:
    deploy = wait_for(world, clients, WhenReady(follow_head=True))
    Site.objects.filter(host=HOST).update(image_template="nonsense")
    newest = world.commit(HOST)

    report = observe(clients)

    deploy.refresh_from_db()
    assert (deploy.status, deploy.sha == newest) == (Status.WAITING, False)
    assert report.run.result == "good"


def test_a_look_for_the_newest_asks_github_through_a_sync(world: World, clients: Clients) -> None:
    deploy = wait_for(world, clients, WhenReady(follow_head=True))
    world.build(HOST, deploy.sha)

    check_pending_image(deploy_id=deploy.pk, clients=clients, now=NOW)

    assert tasks() == ["sync"]


def test_it_waits_for_ci_where_the_person_wants_so(world: World, clients: Clients) -> None:
    deploy = wait_for(world, clients, WhenReady(wait_for_ci=True), checks="PENDING", built=True)
    before = deploy.status
    world.repository(HOST).set_checks(deploy.sha, "SUCCESS")

    observe(clients)

    deploy.refresh_from_db()
    assert (before, deploy.status) == (Status.WAITING, Status.QUEUED)


def test_ci_that_is_pending_stops_nobody_who_does_not_wait_for_it(world: World, clients: Clients) -> None:
    deploy = wait_for(world, clients, WHEN_READY, checks="PENDING", built=True)

    assert deploy.status == Status.QUEUED


def test_ci_that_fails_meanwhile_ends_it(world: World, clients: Clients) -> None:
    deploy = wait_for(world, clients, WhenReady(wait_for_ci=True), checks="PENDING")
    world.repository(HOST).set_checks(deploy.sha, "FAILURE")
    world.build(HOST, deploy.sha)

    observe(clients)

    deploy.refresh_from_db()
    assert deploy.status == Status.FAILED
    assert "CI failed" in deploy.message


def test_ci_of_a_commit_that_is_no_longer_the_newest_is_not_waited_for(
    world: World, clients: Clients
) -> None:
    deploy = wait_for(world, clients, WhenReady(wait_for_ci=True), checks="PENDING", built=True)
    newer = world.commit(HOST)

    observe(clients)

    deploy.refresh_from_db()
    assert deploy.status == Status.SUPERSEDED
    assert deploy.message.startswith(f"{newer[:7]} came before CI had passed")


def test_a_hold_placed_while_it_waits_stops_it(world: World, clients: Clients, waiting: Deploy) -> None:
    place_hold(site=None, reason="Black Friday", by=make_user("ann"), now=NOW)
    world.build(HOST, waiting.sha)
    check_pending_image(deploy_id=waiting.pk, clients=clients, now=NOW)
    waiting.refresh_from_db()

    assert begin(waiting, clients).status == Status.FAILED
    assert "Black Friday" in waiting.message
