"""The health check: unless it passes, ready pods are no success."""

import pytest

from demo.sites import Page
from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import Site, Status
from deployments.operations.deploys.follow import follow
from simulators.cluster import ANSWERS
from tests.deployments.operations.following import HOST, TIMEOUTS, Clock, rolled_out, see_through, stated

pytestmark = pytest.mark.usefixtures("sites")


def test_the_host_is_asked_once_and_its_answer_reported(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients)

    see_through(deploy, clients)

    assert world.sites.visits == [f"https://{HOST}/"]
    assert deploy.status == Status.SUCCEEDED
    assert "ready and stable. The site answered 200 in " in deploy.message
    assert deploy.message.endswith(" ms.")
    assert stated(deploy)[-1] == deploy.message


def test_a_wrong_answer_three_times_fails_it(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients, ANSWERS(502))

    see_through(deploy, clients)

    message = "The site answered 502 where 200 is expected. Read its log, or roll back."
    assert (deploy.status, deploy.message) == (Status.FAILED, message)
    assert (deploy.reason, deploy.checks) == ("wrong_answer", 3)
    assert stated(deploy)[-3:] == [
        f"{message} Retrying (1 of 3).",
        f"{message} Retrying (2 of 3).",
        message,
    ]
    assert deploy.log == "Listening on port 8080.\nGET / 502"


def test_a_host_that_comes_round_in_time_succeeds(world: World, clients: Clients) -> None:
    world.pages[HOST] = Page(status=503)
    deploy = rolled_out(world, clients)
    clock = Clock()

    def come_round(seconds: float) -> None:
        deploy.refresh_from_db()
        if deploy.checks == 2:
            world.pages[HOST] = Page()

    follow(clients=clients, timeouts=TIMEOUTS, clock=clock, sleep=come_round)

    deploy.refresh_from_db()
    assert (deploy.status, deploy.checks) == (Status.SUCCEEDED, 2)


def test_path_status_and_redirect_are_the_mappings(world: World, clients: Clients) -> None:
    Site.objects.filter(host=HOST).update(check_path="/admin?x=1", check_status=302)
    world.pages[HOST] = Page(status=302, headers={"Location": "https://login.example.com/"})
    deploy = rolled_out(world, clients)

    see_through(deploy, clients)

    assert deploy.status == Status.SUCCEEDED
    assert world.sites.visits == [f"https://{HOST}/admin?x=1"]


def test_a_redirect_to_another_host_is_named(world: World, clients: Clients) -> None:
    world.pages[HOST] = Page(status=302, headers={"Location": "https://login.example.com/"})
    deploy = rolled_out(world, clients)

    see_through(deploy, clients)

    assert deploy.message == (
        "The site answered 302 and leads to https://login.example.com/, which is not followed. "
        "Expect 302 in its mapping, or correct the redirect."
    )


def test_a_silent_host_fails_it_after_its_own_timeout(world: World, clients: Clients) -> None:
    Site.objects.filter(host=HOST).update(check_timeout_seconds=1)
    world.pages[HOST] = Page(late_seconds=20)
    deploy = rolled_out(world, clients)

    see_through(deploy, clients)

    assert deploy.status == Status.FAILED
    assert deploy.message == f"The site does not answer: {HOST} did not answer within 1 seconds."


def test_a_host_that_is_not_to_be_asked_is_not(world: World, clients: Clients) -> None:
    Site.objects.filter(host=HOST).update(check_enabled=False)
    deploy = rolled_out(world, clients, ANSWERS(502))

    see_through(deploy, clients)

    assert deploy.status == Status.SUCCEEDED
    assert deploy.message.endswith("ready and stable.")
    assert world.sites.visits == []


def test_pods_that_become_unready_restart_the_count(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients)
    deploy.move(Status.VERIFYING, now=Clock()(), verifying_since=Clock()(), checks=2, checked_at=Clock()())
    deploy.move(Status.ROLLING_OUT, now=Clock()(), verifying_since=None)

    see_through(deploy, clients, clock=Clock(minutes=1))

    assert (deploy.status, deploy.checks) == (Status.SUCCEEDED, 0)


@pytest.fixture
def unresolvable(world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """The site's host, as a name that the worker must resolve itself and cannot."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, ".invalid,127.0.0.1,localhost")
    return "cacophony.invalid"


def test_a_host_whose_name_cannot_be_resolved_here_fails_no_deploy(
    world: World, clients: Clients, unresolvable: str
) -> None:
    deploy = rolled_out(world, clients)
    Site.objects.filter(host=HOST).update(host=unresolvable)

    see_through(deploy, clients)

    message = (
        "2 pods ready and stable. The site could not be checked from here. "
        f"The worker cannot resolve the name {unresolvable}."
    )
    assert (deploy.status, deploy.checks) == (Status.SUCCEEDED, 0)
    assert deploy.message == f"{message} If it never can be, turn off the check in its mapping."
    assert f"{message} Trying once more." in stated(deploy)


def test_a_host_that_answered_wrongly_before_its_name_was_lost_fails(
    world: World, clients: Clients, unresolvable: str
) -> None:
    deploy = rolled_out(world, clients, ANSWERS(502))

    def lose_the_name(seconds: float) -> None:
        deploy.refresh_from_db()
        if deploy.checks == 1:
            Site.objects.filter(host=HOST).update(host=unresolvable)

    follow(clients=clients, timeouts=TIMEOUTS, clock=Clock(), sleep=lose_the_name)

    deploy.refresh_from_db()
    assert (deploy.status, deploy.checks) == (Status.FAILED, 3)


def test_no_host_is_asked_where_the_setting_says_so(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients, ANSWERS(502))

    follow(
        clients=clients,
        timeouts=TIMEOUTS,
        clock=Clock(),
        sleep=lambda _: deploy.refresh_from_db(),
        checks_hosts=False,
    )

    deploy.refresh_from_db()
    assert (deploy.status, world.sites.visits) == (Status.SUCCEEDED, [])
