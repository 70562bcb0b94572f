"""Whatever happens to one of a site's workloads: no container is left behind, or the page says which."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Site, Status
from deployments.operations.deploys.start import start_deploy
from deployments.operations.tick import tick
from deployments.queries import site_page
from deployments.rules.site_state import Answer, State
from simulators.cluster import SLOW
from simulators.cluster.admission import Mutation
from simulators.cluster.kinds import JOBS, KINDS
from simulators.cluster.requests import Target
from tests.deployments.operations.following import HOST, see_through
from tests.factories import NOW, ask, begin, end, observe, succeed
from tests.one_image import EVERY_KIND, at_another_image, changes, map_shop

pytestmark = [pytest.mark.usefixtures("sites"), pytest.mark.every_kind, pytest.mark.slow]

THREE = {"shop-web": 1, "shop-worker": 1, "shop-report": 1}


@pytest.fixture
def shop(world: World) -> World:
    """A site of three workloads whose newest commit is not deployed yet."""
    map_shop(world, HOST)
    world.commit(HOST)
    return world


def site() -> Site:
    return Site.objects.get(host=HOST)


def answer() -> Answer:
    return site_page(name=HOST, now=NOW).row.answer


def change(world: World, kind: str, name: str, **spec: Any) -> None:
    world.cluster.change(kind, NAMESPACE, name, lambda one: one["spec"].update(spec))
    world.cluster.settle_now()


@pytest.mark.parametrize(
    "pins", [{"pins": True}, {"pins": True, "drops_tag": True}], ids=["pins", "drops tag"]
)
def test_a_webhook_that_pins_digests_of_every_kind_leaves_nothing_behind(
    clients: Clients, world: World, pins: dict[str, bool]
) -> None:
    map_shop(world, HOST, EVERY_KIND)
    world.commit(HOST)
    world.cluster.mutations.append(Mutation(**pins))
    observe(clients)

    deploy = succeed(ask(HOST), clients, world)
    observe(clients)

    assert deploy.status == Status.SUCCEEDED, deploy.message
    assert at_another_image(world, site(), deploy.image) == []
    assert answer().state is State.CURRENT, answer().message


@pytest.mark.parametrize("workload", ["StatefulSet shop-worker", "DaemonSet shop-cache"])
@pytest.mark.parametrize("pins", [{}, {"pins": True, "drops_tag": True}], ids=["mirror", "mirror and pins"])
def test_what_runs_is_known_while_the_next_rolls_out_however_a_webhook_spells_its_pods(
    clients: Clients, world: World, workload: str, pins: dict[str, bool]
) -> None:
    """Of these kinds nothing that Headway may read keeps the template that the old pods were made from."""
    map_shop(world, HOST, workload)
    mirror = {f"{world.registry.host}/": f"mirror.local/{world.registry.host.replace(':', '-')}/"}
    world.cluster.mutations.append(Mutation(kinds=("pods",), registries=mirror, **pins))
    world.commit(HOST)
    observe(clients)
    first = succeed(ask(HOST), clients, world)
    world.behaviours[world.image(HOST, world.commit(HOST))] = SLOW(600)
    observe(clients)
    second = begin(ask(HOST), clients)

    observe(clients)

    assert (first.status, second.status) == (Status.SUCCEEDED, Status.ROLLING_OUT), first.message
    assert site().observation.running_sha == first.sha


@pytest.mark.parametrize(
    ("kind", "name", "spec"),
    [
        (
            "StatefulSet",
            "shop-worker",
            {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}},
        ),
        ("StatefulSet", "shop-worker", {"updateStrategy": {"type": "OnDelete"}}),
        ("DaemonSet", "shop-cache", {"updateStrategy": {"type": "OnDelete"}}),
        ("Deployment", "shop-web", {"paused": True}),
    ],
    ids=["partition", "OnDelete", "DaemonSet OnDelete", "paused"],
)
def test_pods_that_stay_at_the_old_commit_are_said(
    clients: Clients, world: World, kind: str, name: str, spec: dict[str, Any]
) -> None:
    map_shop(world, HOST, EVERY_KIND)
    world.commit(HOST)
    change(world, kind, name, **spec)
    observe(clients)

    deploy = succeed(ask(HOST), clients, world)
    observe(clients)

    assert deploy.status == Status.SUCCEEDED, deploy.message
    assert at_another_image(world, site(), deploy.image) != []
    assert name in deploy.message
    assert answer().state is not State.CURRENT
    assert name in answer().message


@pytest.mark.parametrize(
    ("kind", "name", "spec"),
    [
        ("StatefulSet", "shop-worker", {"replicas": 0}),
        ("Deployment", "shop-web", {"replicas": 0}),
        ("CronJob", "shop-report", {"suspend": True}),
    ],
    ids=["StatefulSet at zero", "Deployment at zero", "suspended"],
)
def test_what_runs_no_pods_gets_the_commit_and_is_not_waited_for(
    clients: Clients, shop: World, kind: str, name: str, spec: dict[str, Any]
) -> None:
    change(shop, kind, name, **spec)
    observe(clients)

    deploy = succeed(ask(HOST), clients, shop)
    observe(clients)

    assert deploy.status == Status.SUCCEEDED, deploy.message
    assert at_another_image(shop, site(), deploy.image) == []
    assert name in deploy.message
    assert answer().state is State.CURRENT, answer().message


def test_a_conflict_at_every_second_patch_changes_nothing_twice(clients: Clients, shop: World) -> None:
    observe(clients)
    shop.cluster.requests.clear()
    for name in ("shop-web", "shop-worker", "shop-report"):
        shop.cluster.fail_next(409, method="PATCH", path_contains=name, dry_run=False)
        shop.cluster.fail_next(409, method="PATCH", path_contains=name, dry_run=True)

    # Each attempt gets one patch further; where five did not suffice, the tick starts again.
    deploy = begin(begin(ask(HOST), clients), clients)
    end(deploy, clients, shop)

    assert deploy.status == Status.SUCCEEDED, deploy.message
    assert changes(shop) == THREE


@pytest.mark.parametrize("ran_it_already", [False, True])
def test_a_deploy_that_is_given_up_between_two_patches_names_what_it_has_changed(
    clients: Clients, shop: World, ran_it_already: bool
) -> None:
    if ran_it_already:
        shop.apply("app_of_one_image", image=shop.image(HOST), name="new")
        new = shop.cluster.workload("Deployment", NAMESPACE, "new-web")["spec"]["template"]["spec"]
        shop.cluster.change(
            "Deployment", NAMESPACE, "shop-web", lambda one: one["spec"]["template"]["spec"].update(new)
        )
        shop.cluster.settle_now()
    observe(clients)
    shop.cluster.fail_next(503, 99, method="PATCH", path_contains="shop-worker", dry_run=False)
    deploy = begin(ask(HOST), clients)

    tick(now=NOW + timedelta(minutes=20))

    deploy.refresh_from_db()
    is_half_done = not ran_it_already
    assert (deploy.status == Status.FAILED) is is_half_done, deploy.message
    assert ("Changed before that: Deployment shop-web." in deploy.message) is is_half_done


@pytest.mark.parametrize("name", ["shop-web", "shop-report"])
def test_a_workload_that_is_deleted_midway_is_named(clients: Clients, shop: World, name: str) -> None:
    observe(clients)
    deploy = begin(ask(HOST), clients)
    kind = "CronJob" if name == "shop-report" else "Deployment"
    _delete(shop, kind, name)

    end(deploy, clients, shop)
    observe(clients)

    assert deploy.status == Status.FAILED
    assert name in deploy.message
    assert answer().state is State.MISSING
    assert name in answer().message


def test_a_workload_that_is_deleted_between_two_patches_is_named_and_the_first_is_taken_back(
    clients: Clients, shop: World
) -> None:
    Site.objects.filter(host=HOST).update(auto_rollback=True)
    observe(clients)
    shop.cluster.fail_next(404, method="PATCH", path_contains="shop-worker", dry_run=False)

    deploy = begin(ask(HOST), clients)
    back = Deploy.objects.exclude(pk=deploy.pk).get(site=deploy.site)
    succeed(back, clients, shop)
    observe(clients)

    assert (deploy.status, deploy.reason) == (Status.FAILED, "partly_applied")
    assert "Changed before that: Deployment shop-web." in deploy.message
    assert back.status == Status.SUCCEEDED
    assert at_another_image(shop, site(), back.image) == []


def test_a_quota_that_comes_after_the_dry_run_is_named_and_what_was_changed_is_taken_back(
    clients: Clients, shop: World
) -> None:
    Site.objects.filter(host=HOST).update(auto_rollback=True)
    observe(clients)
    words = 'cronjobs.batch "shop-report" is forbidden: exceeded quota: objects'
    shop.cluster.fail_next(403, method="PATCH", path_contains="shop-report", message=words, dry_run=False)

    deploy = begin(ask(HOST), clients)
    back = Deploy.objects.exclude(pk=deploy.pk).get(site=deploy.site)
    succeed(back, clients, shop)

    assert deploy.status == Status.FAILED
    assert "exceeded quota" in deploy.message
    assert at_another_image(shop, site(), back.image) == []


def test_a_quota_of_pods_that_comes_after_the_patches_is_named(clients: Clients, shop: World) -> None:
    Site.objects.filter(host=HOST).update(auto_rollback=True)
    observe(clients)
    shop.cluster.set_pod_quota(NAMESPACE, 1)
    deploy = begin(ask(HOST), clients)
    Deploy.objects.filter(pk=deploy.pk).update(patched_at=timezone.now())

    see_through(deploy, clients, until=lambda one: "quota" in one.message)

    assert "quota" in deploy.message


def test_a_release_job_that_is_deleted_midway_is_said_and_nothing_was_changed(
    clients: Clients, shop: World
) -> None:
    Site.objects.filter(host=HOST).update(release_job="shop-upgrade")
    shop.behaviours[shop.image(HOST)] = SLOW(60)
    observe(clients)
    shop.cluster.requests.clear()
    deploy = begin(ask(HOST), clients)
    shop.cluster.api.writes.delete(Target(JOBS, NAMESPACE, f"shop-upgrade-{deploy.pk}"), {})

    see_through(deploy, clients)

    assert (deploy.status, deploy.reason) == (Status.FAILED, "release_job")
    assert f"Job shop-upgrade-{deploy.pk} is gone" in deploy.message
    assert changes(shop) == {"jobs": 1}


def test_a_mapping_that_has_lost_its_workloads_is_refused(clients: Clients, shop: World) -> None:
    observe(clients)
    deploy = ask(HOST)
    site().workloads.all().delete()

    begin(deploy, clients)

    assert deploy.status == Status.FAILED
    assert "names no workload" in deploy.message


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_change_each_workload_once(clients: Clients, shop: World) -> None:
    observe(clients)
    deploy = ask(HOST)
    shop.cluster.requests.clear()

    _at_once(lambda: start_deploy(deploy_id=deploy.pk, clients=clients, now=NOW), times=3)
    end(deploy, clients, shop)

    assert deploy.status == Status.SUCCEEDED, deploy.message
    assert changes(shop) == THREE


def _delete(world: World, kind: str, name: str) -> None:
    found = next(each for each in KINDS if each.kind == kind)
    world.cluster.api.writes.delete(Target(found, NAMESPACE, name), {})


def _at_once(work: Callable[[], object], *, times: int) -> None:
    def run() -> None:
        work()
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
