"""A site's pods and their logs on demand: a worker reads them, of the site's own workloads alone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django_q.models import OrmQ

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import ContainerLog, PodCheck, Site
from deployments.models.pod_check import KEPT_FOR
from deployments.operations.pods.read import check_pods, read_log
from deployments.operations.pods.request import request_log, request_pods
from deployments.operations.tick import tick
from deployments.queries.pods import pod_check_of
from deployments.rules.pod_list import ListedPod, LogChoice
from simulators.cluster import CRASHES, HEALTHY, Behaviour
from tests.factories import NOW
from tests.roles import WEB, WORKER, acting_as

HOST, NAME = "cacophony.natwelch.com", "cacophony"
PANIC = ("panic: \x1b[31mboard\x1b[0m is nil", "password=hunter2 \x00\x07")
BEST = LogChoice(container="")

pytestmark = pytest.mark.usefixtures("sites")
Replace = Callable[..., None]


@pytest.fixture
def site(sites: dict[str, Site]) -> Site:
    return sites[HOST]


@pytest.fixture
def replace_pods(world: World) -> Replace:
    """Replace every pod of the site by one that behaves so."""

    def replace_pods(behaviour: Behaviour, *, restarts: int = 0) -> None:
        image = world.image(HOST)
        world.behaviours[image] = behaviour
        world.cluster.delete_deployment(NAMESPACE, NAME)
        world.cluster.create_deployment(NAMESPACE, NAME, containers={NAME: image}, replicas=1)
        world.cluster.wait_until(
            lambda: any(
                status["restartCount"] >= restarts and (bool(restarts) or "running" in status["state"])
                for pod in world.cluster.pods(NAMESPACE, NAME)
                if "deletionTimestamp" not in pod["metadata"]
                for status in pod["status"].get("containerStatuses", [])
            )
        )

    return replace_pods


def listed(site: Site, clients: Clients) -> tuple[ListedPod, ...]:
    with acting_as(WEB):
        request_pods(site=site, now=NOW)
    with acting_as(WORKER):
        check_pods(site_id=site.pk, clients=clients, now=NOW)
    return pod_check_of(Site.objects.select_related("pod_check").get(pk=site.pk), now=NOW).pods or ()


def read(site: Site, clients: Clients, *, pod: str, choice: LogChoice = BEST) -> ContainerLog:
    person, _ = User.objects.get_or_create(username="eve")
    with acting_as(WEB):
        log = request_log(site=site, namespace=NAMESPACE, pod=pod, choice=choice, by=person, now=NOW)
    with acting_as(WORKER):
        read_log(log_id=log.pk, clients=clients, now=NOW)
    log.refresh_from_db()
    return log


def pod_of(world: World, name: str) -> str:
    """The newest one that stays."""
    pods = [each["metadata"] for each in world.cluster.pods(NAMESPACE, name)]
    staying = [each for each in pods if "deletionTimestamp" not in each]
    return str(max(staying, key=lambda each: each["creationTimestamp"])["name"])


def test_a_pod_is_listed_with_its_age_its_restarts_its_node_and_its_state(
    world: World, clients: Clients, site: Site
) -> None:
    pods = listed(site, clients)
    pod = next(each for each in pods if each.name == pod_of(world, NAME))

    assert (pod.namespace, pod.workload) == (NAMESPACE, f"Deployment {NAME}")
    assert (pod.status, pod.ready, pod.containers, pod.restarts) == ("Running", 1, 1, 0)
    assert pod.is_well
    assert pod.node
    assert pod.created_at


def test_a_crashing_pod_s_log_is_the_one_of_the_run_that_ended_without_control_characters(
    world: World, clients: Clients, site: Site, replace_pods: Replace
) -> None:
    replace_pods(CRASHES(2, PANIC), restarts=1)

    log = read(site, clients, pod=pod_of(world, NAME))

    assert log.text == "panic: board is nil\npassword=hunter2 "
    assert log.shown_container == NAME
    assert log.problem == ""


def test_at_most_the_last_200_lines_are_read(
    world: World, clients: Clients, site: Site, replace_pods: Replace
) -> None:
    replace_pods(HEALTHY.with_log(*(f"line {number}" for number in range(500))))

    log = read(site, clients, pod=pod_of(world, NAME))

    assert log.text.splitlines() == [f"line {number}" for number in range(300, 500)]


def test_of_very_long_lines_the_last_ones_are_kept(
    world: World, clients: Clients, site: Site, replace_pods: Replace
) -> None:
    replace_pods(HEALTHY.with_log(*(f"{number} {'x' * 1000}" for number in range(200))))

    log = read(site, clients, pod=pod_of(world, NAME))

    assert log.text.splitlines()[-1].startswith("199 ")
    assert len(log.text.encode()) <= 64 * 1024


def test_another_site_s_pod_is_not_read(world: World, clients: Clients, site: Site) -> None:
    other = next(each.deployment for each in world.mappings.values() if each.deployment != NAME)
    world.cluster.requests.clear()

    log = read(site, clients, pod=pod_of(world, other))

    assert log.text == ""
    assert log.problem == "The site no longer has this pod. Check its pods again."
    assert not [each for each in world.cluster.requests if each.path.endswith("/log")]


def test_a_container_that_the_pod_does_not_have_is_the_cluster_s_answer(
    world: World, clients: Clients, site: Site
) -> None:
    log = read(site, clients, pod=pod_of(world, NAME), choice=LogChoice(container="nosuch"))

    assert log.text == ""
    assert log.problem
    assert not log.is_under_way


def test_a_workload_that_is_gone_leaves_its_trouble_on_the_page(
    world: World, clients: Clients, site: Site
) -> None:
    world.cluster.delete_deployment(NAMESPACE, NAME)

    pods = listed(site, clients)

    assert pods == ()
    assert NAME in PodCheck.objects.get().problem


def test_a_second_person_who_asks_meanwhile_makes_no_second_question(site: Site) -> None:
    request_pods(site=site, now=NOW)
    request_pods(site=site, now=NOW + timedelta(seconds=5))

    assert [entry.func() for entry in OrmQ.objects.all()] == ["deployments.tasks.check_pods"]


def test_what_was_read_is_forgotten_after_its_minutes(world: World, clients: Clients, site: Site) -> None:
    listed(site, clients)
    read(site, clients, pod=pod_of(world, NAME))

    with acting_as(WORKER):
        tick(now=NOW + KEPT_FOR - timedelta(seconds=1))
    kept = (PodCheck.objects.count(), ContainerLog.objects.count())
    with acting_as(WORKER):
        tick(now=NOW + KEPT_FOR + timedelta(seconds=1))

    assert kept == (1, 1)
    assert (PodCheck.objects.count(), ContainerLog.objects.count()) == (0, 0)
