"""A site that fell without a Deploy: the sync says why, with its pods and a log, at a bounded price."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Observation, Status
from deployments.operations.deploys.restart import request_restart
from deployments.queries import SitePage, site_page
from simulators.cluster import CRASHES, HEALTHY, UNREADY, Behaviour
from tests.factories import NOW, observe, succeed

HOST, NAME = "cacophony.natwelch.com", "cacophony"
OTHER = "chartopia.app"
PANIC = ("panic: board is nil", "goroutine 1 [running]:")
PANICS = CRASHES(2, PANIC)
Fall = Callable[..., None]

pytestmark = pytest.mark.usefixtures("sites")


@pytest.fixture
def fall(world: World) -> Fall:
    """Replace every pod of a site's present image by one that does as `behaviour` says, as a node's end does."""

    def fall(behaviour: Behaviour = PANICS, *, host: str = HOST, replicas: int = 1) -> None:
        name, image = world.mappings[host].deployment, world.image(host)
        world.behaviours[image] = behaviour
        world.cluster.delete_deployment(NAMESPACE, name)
        world.cluster.create_deployment(NAMESPACE, name, containers={name: image}, replicas=replicas)
        world.cluster.wait_until(lambda: _has_run(world, name, restarts=2 if behaviour.exit_code else 0))

    return fall


def _has_run(world: World, name: str, *, restarts: int) -> bool:
    statuses = [
        status
        for pod in world.cluster.pods(NAMESPACE, name)
        for status in pod["status"].get("containerStatuses", [])
    ]
    return bool(statuses) and all(
        status["restartCount"] >= restarts and ("running" in status["state"] or restarts)
        for status in statuses
    )


def page(host: str = HOST) -> SitePage:
    return site_page(name=host, now=NOW)


def seen(host: str = HOST) -> Observation:
    return Observation.objects.get(site__host=host)


def test_a_site_that_fell_says_why_with_its_pods_and_its_log(
    world: World, clients: Clients, fall: Fall
) -> None:
    observe(clients)
    fall(replicas=2)

    observe(clients)

    answer, pods = page().row.answer, page().pods
    assert answer.state == "failed"
    assert answer.action == "restart"
    assert answer.message.startswith(
        "None of its 2 pods is ready. Container “cacophony” keeps crashing (exit code 2, "
    )
    assert len(pods) == 2
    assert all(pod.name.startswith(f"{NAME}-") and pod.restarts >= 2 and pod.created_at for pod in pods)
    assert seen().outage_log == "\n".join(PANIC)
    assert seen().outage_reason == "crash"


def test_a_probe_that_fails_is_reported_in_the_events_words(
    world: World, clients: Clients, fall: Fall
) -> None:
    fall(UNREADY)
    world.cluster.wait_until(
        lambda: any(each["reason"] == "Unhealthy" for each in world.cluster.store.all_of("events", NAMESPACE))
    )

    observe(clients)

    assert "does not pass its readiness probe" in page().row.answer.message
    assert seen().outage_log == "Listening on port 8080."


def test_a_restart_brings_it_back_and_nothing_is_reported(
    world: World, clients: Clients, fall: Fall, nat: User
) -> None:
    fall()
    observe(clients)
    before = seen().outage_reason
    world.behaviours[world.image(HOST)] = HEALTHY

    site = seen().site
    back = succeed(request_restart(site=site, seen_sha=seen().deployed_sha, by=nat, now=NOW), clients, world)
    observe(clients)

    assert (before, back.status) == ("crash", Status.SUCCEEDED)
    assert (seen().outage_reason, seen().outage_message, seen().outage_log) == ("", "", "")
    assert page().pods == ()


def test_it_costs_one_list_of_pods_a_namespace_and_one_log_a_site(
    world: World, clients: Clients, fall: Fall
) -> None:
    fall()
    fall(host=OTHER)
    world.cluster.requests.clear()

    report = observe(clients)

    asked = [entry.path for entry in world.cluster.requests]
    assert sum(path.endswith("/pods") for path in asked) == 1
    assert sum(path.endswith("/log") for path in asked) == 2
    assert report.run.cluster_requests == len(asked)


def test_a_world_in_which_nothing_fell_costs_none_of_it(world: World, clients: Clients) -> None:
    observe(clients)
    world.cluster.requests.clear()

    observe(clients)

    assert not [entry for entry in world.cluster.requests if "/pods" in entry.path]


def test_a_log_that_cannot_be_read_hides_neither_the_reason_nor_other_sites(
    world: World, clients: Clients, fall: Fall
) -> None:
    fall()
    world.cluster.fail_next(403, path_contains="/log")

    observe(clients)

    assert seen().outage_reason == "crash"
    assert seen().outage_log == ""
    assert not Observation.objects.exclude(cluster_problem="").exists()


@pytest.mark.five_sites
def test_logs_that_nobody_answers_for_are_not_waited_for_site_by_site(
    world: World, clients: Clients, fall: Fall
) -> None:
    hosts = sorted(world.mappings)
    for host in hosts:
        fall(host=host)
    world.cluster.drop_connection(times=99, path_contains="/log")
    world.cluster.requests.clear()

    observe(clients)

    assert len(hosts) > 3
    assert Observation.objects.filter(outage_reason="crash").count() == len(hosts)
    assert len(world.cluster.requests.matching(path_contains="/log")) == 3


def test_pods_that_cannot_be_listed_are_named(world: World, clients: Clients, fall: Fall) -> None:
    fall()
    observe(clients)
    world.cluster.fail_next(403, path_contains="/pods")

    observe(clients)

    assert seen().outage_message.startswith("Its pods cannot be read: ")
    assert seen().cluster_problem == ""
