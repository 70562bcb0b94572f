"""Following: a Deploy ends as the cluster shows it, and success means that ready pods run this image and stay ready."""

from dataclasses import replace
from datetime import timedelta
from time import sleep

import pytest
from django.utils import timezone

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.locks import Lock
from deployments.models import Deploy, Observation, Site, Status
from deployments.operations.deploys.follow import follow
from deployments.operations.deploys.follow.snapshot import asks_by_lists
from simulators.cluster import CRASHES, SLOW
from tests.deployments.operations.following import HOST, TIMEOUTS, Clock, rolled_out, see_through
from tests.factories import ask, begin, observe

OTHER = "chartopia.app"
WATCHING_FOR_AN_HOUR = replace(TIMEOUTS, stability=timedelta(hours=1), rollout=timedelta(hours=9))

pytestmark = pytest.mark.usefixtures("sites")


def is_verifying(deploy: Deploy) -> bool:
    return bool(deploy.status == Status.VERIFYING)


def test_a_deploy_succeeds_when_its_pods_are_ready(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients)

    see_through(deploy, clients)

    assert (deploy.status, deploy.ready) == (Status.SUCCEEDED, deploy.wanted)
    assert Observation.objects.get(site__host=HOST).running_sha == deploy.sha
    assert Observation.objects.get(site__host=HOST).behind_by == 0


def test_success_waits_for_the_stability_window(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients)

    see_through(deploy, clients, timeouts=WATCHING_FOR_AN_HOUR, until=is_verifying)
    before = deploy.status
    see_through(deploy, clients, timeouts=WATCHING_FOR_AN_HOUR, clock=Clock(hours=1))

    assert (before, deploy.status) == (Status.VERIFYING, Status.SUCCEEDED)


def test_a_pod_that_falls_away_while_verifying_takes_it_back(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients)
    see_through(deploy, clients, timeouts=WATCHING_FOR_AN_HOUR, until=is_verifying)
    world.behaviours[deploy.image] = SLOW(600)
    world.cluster.scale(NAMESPACE, "cacophony", 5)

    see_through(deploy, clients, timeouts=WATCHING_FOR_AN_HOUR, until=lambda deploy: not is_verifying(deploy))

    assert deploy.status == Status.ROLLING_OUT
    assert deploy.verifying_since is None


def test_an_image_that_crashes_fails_with_its_exit_code(world: World, clients: Clients) -> None:
    sha = world.commit(HOST)
    world.behaviours[world.image(HOST, sha)] = CRASHES(3)
    observe(clients)
    deploy = begin(ask(HOST), clients)
    Deploy.objects.filter(pk=deploy.pk).update(patched_at=timezone.now())
    world.cluster.wait_until(
        lambda: any(
            status.get("restartCount")
            for pod in world.cluster.pods(NAMESPACE, "cacophony")
            for status in pod["status"].get("containerStatuses", [])
        )
    )

    see_through(deploy, clients, clock=Clock(minutes=5))

    assert deploy.status == Status.FAILED
    assert "3" in deploy.message


def test_an_image_changed_by_someone_else_supersedes_it(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients)
    by_hand = world.image(HOST, world.repository(HOST).graph.commits[-3].sha)
    world.cluster.set_image(
        NAMESPACE, "cacophony", container="cacophony", image=by_hand, manager="kubectl-set"
    )

    see_through(deploy, clients)

    assert deploy.status == Status.SUPERSEDED
    assert "kubectl-set" in deploy.message


def test_a_deployment_deleted_meanwhile_fails_it(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients)
    world.cluster.delete_deployment(NAMESPACE, "cacophony")

    see_through(deploy, clients)

    assert deploy.status == Status.FAILED
    assert "Deployment cacophony is gone" in deploy.message


def test_what_never_gets_ready_times_out(world: World, clients: Clients) -> None:
    sha = world.commit(HOST)
    world.behaviours[world.image(HOST, sha)] = SLOW(600)
    observe(clients)
    deploy = begin(ask(HOST), clients)

    see_through(deploy, clients, clock=Clock(days=1))

    assert deploy.status == Status.TIMED_OUT


def test_a_cluster_that_is_down_for_a_while_changes_nothing(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients)
    world.cluster.fail_next(500, times=3)

    see_through(deploy, clients)

    assert deploy.status == Status.SUCCEEDED


@pytest.mark.five_sites
def test_all_active_deploys_are_followed_with_one_list_of_each_kind(world: World, clients: Clients) -> None:
    for host in world.mappings:
        world.commit(host)
    observe(clients)
    deploys = [begin(ask(host), clients) for host in world.mappings]
    world.cluster.settle_now()
    Deploy.objects.update(patched_at=timezone.now())
    world.cluster.requests.clear()
    rests: list[float] = []

    def rest(seconds: float) -> None:
        rests.append(seconds)
        sleep(seconds)

    follow(clients=clients, timeouts=TIMEOUTS, clock=Clock(), sleep=rest)

    assert {Deploy.objects.get(pk=deploy.pk).status for deploy in deploys} == {Status.SUCCEEDED}
    asked_once = len(deploys)
    assert 0 < len(world.cluster.requests) <= 2 * len(rests) + asked_once


@pytest.mark.django_db(transaction=True)
def test_a_second_follower_leaves_the_first_alone(world: World, clients: Clients) -> None:
    import psycopg
    from django.db import connection

    deploy = rolled_out(world, clients)
    parameters = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}
    with psycopg.connect(
        **{key: parameters[key] for key in ("dbname", "user", "host") if key in parameters}
    ) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [Lock.FOLLOW.value])

        see_through(deploy, clients)

    assert deploy.status == Status.ROLLING_OUT


def test_one_deploy_among_many_deployments_is_followed_by_its_name(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients)
    world.cluster.requests.clear()

    see_through(deploy, clients)

    paths = {entry.path.rpartition("/default/")[2] for entry in world.cluster.requests}
    assert "deployments/cacophony" in paths
    assert "deployments" not in paths
    assert all(
        entry.query.get("labelSelector") for entry in world.cluster.requests if entry.path.endswith("/pods")
    )


@pytest.mark.parametrize(
    ("followed", "size", "expected"),
    [(3, None, False), (4, None, True), (34, 34, True), (34, 2000, False), (100, 2000, True), (1, 20, True)],
)
def test_lists_are_read_where_they_are_cheaper(followed: int, size: int | None, expected: bool) -> None:
    assert asks_by_lists(followed=followed, size=size) is expected


def test_a_deployment_that_is_being_deleted_fails_it(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients)
    with world.cluster.store.lock:
        thing = world.cluster.deployment(NAMESPACE, "cacophony")
        thing["metadata"]["deletionTimestamp"] = "2026-11-28T10:00:00Z"
        world.cluster.store.replace("deployments", thing)

    see_through(deploy, clients)

    assert deploy.status == Status.FAILED
    assert "is being deleted" in deploy.message


@pytest.mark.parametrize("deleted", ["RoleBinding", "namespace"])
def test_what_may_no_longer_be_read_ends_in_two_minutes_with_its_cause(
    world: World, clients: Clients, deleted: str
) -> None:
    deploy = rolled_out(world, clients, SLOW(600))
    Site.objects.update(auto_rollback=True)
    if deleted == "namespace":
        world.cluster.delete_namespace(NAMESPACE)
    else:
        world.cluster.unbind_role(NAMESPACE)
    see_through(deploy, clients, until=lambda deploy: deploy.denied_since is not None)
    before = deploy.status

    see_through(deploy, clients, clock=Clock(minutes=2))

    assert (before, deploy.status, deploy.reason) == (Status.ROLLING_OUT, Status.TIMED_OUT, "out_of_sight")
    assert deploy.message.startswith("Headway may no longer read namespace default. Was it deleted, or its")
    assert Deploy.objects.count() == 1


def test_a_permission_that_comes_back_in_time_is_forgotten(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients)
    world.cluster.fail_next(403, times=3)

    see_through(deploy, clients)

    assert (deploy.status, deploy.denied_since) == (Status.SUCCEEDED, None)


def test_one_deployment_that_may_not_be_read_keeps_no_other_from_its_end(
    world: World, clients: Clients
) -> None:
    world.commit(OTHER)
    deploy = rolled_out(world, clients)
    other = begin(ask(OTHER), clients)
    Deploy.objects.filter(pk=other.pk).update(patched_at=timezone.now())
    world.cluster.fail_next(403, times=999, path_contains=f"deployments/{world.mappings[OTHER].deployment}")

    see_through(deploy, clients, until=lambda deploy: deploy.status == Status.SUCCEEDED)

    other.refresh_from_db()
    assert (deploy.status, other.status) == (Status.SUCCEEDED, Status.ROLLING_OUT)
