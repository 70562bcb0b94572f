"""An app is all that runs its image: a Deploy gives every workload, container and init container of a site the same commit."""

from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User

from demo.sites import Page
from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Deploy, DeployStep, MappedWorkload, Observation, Site, Status
from deployments.operations.deploys.rollback import request_rollback
from deployments.queries import site_page
from deployments.rules.site_state import Action, State
from simulators.cluster import CRASHES
from simulators.cluster.admission import Denial
from tests.deployments.operations.following import HOST, NAME
from tests.factories import JUST_NOW, NOW, ask, begin, end, make_user, observe, succeed

WORKER, TICK, AGENT, STORE = f"{NAME}-worker", f"{NAME}-tick", f"{NAME}-agent", f"{NAME}-store"

pytestmark = [pytest.mark.usefixtures("sites"), pytest.mark.every_kind]


def manifests(image: str, *kinds: str) -> str:
    """Workloads of each kind that run `image`, beside a sidecar of another app, as people write them."""
    pod = {
        "initContainers": [{"name": "migrate", "image": image, "command": ["./manage", "migrate"]}],
        "containers": [
            {"name": "main", "image": image},
            {"name": "proxy", "image": "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.18.0"},
        ],
    }
    names = {"Deployment": WORKER, "StatefulSet": STORE, "DaemonSet": AGENT, "CronJob": TICK}
    return yaml.safe_dump_all(_manifest(kind, names[kind], pod) for kind in kinds)


def _manifest(kind: str, name: str, pod: dict[str, object]) -> dict[str, object]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec: dict[str, object] = {"selector": {"matchLabels": labels}, "template": template}
    if kind in {"Deployment", "StatefulSet"}:
        spec["replicas"] = 2
    if kind == "StatefulSet":
        spec["serviceName"] = name
    if kind == "CronJob":
        job = {"spec": {"template": {"spec": pod | {"restartPolicy": "Never"}}}}
        spec = {"schedule": "*/5 * * * *", "jobTemplate": job}
    group = "batch/v1" if kind == "CronJob" else "apps/v1"
    return {"apiVersion": group, "kind": kind, "metadata": {"name": name}, "spec": spec}


def add(world: World, *kinds: str) -> None:
    """Map the site to a workload of each kind beside its Deployment; all of them run its head."""
    world.cluster.apply(manifests(world.image(HOST), *kinds), namespace=NAMESPACE)
    world.cluster.settle_now()
    names = {"Deployment": WORKER, "StatefulSet": STORE, "DaemonSet": AGENT, "CronJob": TICK}
    site = Site.objects.get(host=HOST)
    MappedWorkload.objects.bulk_create(
        MappedWorkload(site=site, kind=kind, namespace=NAMESPACE, name=names[kind], position=number)
        for number, kind in enumerate(kinds, start=1)
    )


def images(world: World, kind: str, name: str) -> dict[str, str]:
    """What each container of a workload's template asks for."""
    spec = world.cluster.workload(kind, NAMESPACE, name)["spec"]
    pod = (spec["jobTemplate"]["spec"] if kind == "CronJob" else spec)["template"]["spec"]
    return {each["name"]: each["image"] for each in (*pod.get("initContainers", []), *pod["containers"])}


def set_image(world: World, image: str, *names: str) -> None:
    """Someone else gives containers of the second Deployment an image."""

    def change(workload: dict[str, Any]) -> None:
        pod = workload["spec"]["template"]["spec"]
        for each in (*pod["initContainers"], *pod["containers"]):
            if each["name"] in names:
                each["image"] = image

    world.cluster.change("Deployment", NAMESPACE, WORKER, change)


def patches(world: World) -> list[str]:
    """The workloads that were changed by a patch, in that order; what was only tried is left out."""
    return [
        each.path.rpartition("/")[2]
        for each in world.cluster.requests
        if each.method == "PATCH" and "dryRun" not in each.query and each.status < 300
    ]


def answer_of(host: str = HOST) -> tuple[State, str]:
    answer = site_page(name=host, now=NOW).row.answer
    return answer.state, answer.message


@pytest.fixture
def shop(world: World) -> World:
    """A site that serves by a Deployment, works by a second one, and ticks by a CronJob."""
    add(world, "Deployment", "CronJob")
    return world


def test_every_container_and_init_container_of_every_kind_gets_the_commit(
    clients: Clients, world: World
) -> None:
    kinds = {"Deployment": WORKER, "StatefulSet": STORE, "DaemonSet": AGENT, "CronJob": TICK}
    add(world, *kinds)
    sha = world.commit(HOST)
    observe(clients)

    deploy = succeed(ask(HOST), clients, world)

    assert (deploy.status, deploy.sha) == (Status.SUCCEEDED, sha)
    assert images(world, "Deployment", NAME)[NAME] == world.image(HOST, sha)
    for kind, name in kinds.items():
        asked = images(world, kind, name)
        assert {asked["migrate"], asked["main"]} == {world.image(HOST, sha)}
        assert asked["proxy"].startswith("gcr.io/cloud-sql-connectors/")
    observe(clients)
    assert answer_of()[0] is State.CURRENT


def test_one_patch_changes_a_workload_whole_and_in_the_mappings_order(clients: Clients, shop: World) -> None:
    shop.commit(HOST)
    observe(clients)
    MappedWorkload.objects.filter(name=TICK).update(position=0)
    MappedWorkload.objects.filter(name=NAME).update(position=2)
    shop.cluster.requests.clear()

    begin(ask(HOST), clients)

    assert patches(shop) == [TICK, WORKER, NAME]


def test_a_workload_that_runs_another_app_stops_the_deploy_before_any_is_changed(
    clients: Clients, shop: World
) -> None:
    set_image(shop, "gcr.io/other/app:1", "main", "migrate")
    MappedWorkload.objects.filter(name=WORKER).update(containers=["main"])
    shop.commit(HOST)
    observe(clients, [HOST])
    shop.cluster.requests.clear()

    deploy = begin(ask(HOST), clients)

    assert deploy.status == Status.FAILED
    assert "Nothing was changed" in deploy.message
    assert patches(shop) == []


def test_what_a_webhook_refuses_of_one_is_refused_before_any_is_changed(
    clients: Clients, shop: World
) -> None:
    sha = shop.commit(HOST)
    observe(clients)
    shop.cluster.denials.append(
        Denial(
            webhook="policy.example.com", image=shop.image(HOST, sha), message="unsigned", kinds=("cronjobs",)
        )
    )
    shop.cluster.requests.clear()

    deploy = begin(ask(HOST), clients)

    assert deploy.status == Status.FAILED
    assert "unsigned" in deploy.message
    assert patches(shop) == []


def test_a_webhook_that_cannot_be_tried_is_asked_by_the_change_itself(clients: Clients, shop: World) -> None:
    shop.commit(HOST)
    observe(clients)
    words = 'admission webhook "a.example.com" does not support dry run'
    shop.cluster.fail_next(400, 9, method="PATCH", message=words, dry_run=True)

    deploy = begin(ask(HOST), clients)

    assert deploy.status == Status.ROLLING_OUT
    assert set(patches(shop)) >= {NAME, WORKER, TICK}


def test_a_worker_that_dies_between_two_patches_leaves_the_rest_to_the_next(
    clients: Clients, shop: World
) -> None:
    sha = shop.commit(HOST)
    observe(clients)
    deploy = ask(HOST)
    # For this worker the cluster is gone after the first patch.
    shop.cluster.fail_next(503, 9, method="PATCH", path_contains=f"deployments/{WORKER}", dry_run=False)
    begin(deploy, clients)
    was = (Deploy.objects.get(pk=deploy.pk).status, images(shop, "Deployment", NAME)[NAME])
    shop.cluster.failures.clear()

    again = end(begin(deploy, clients), clients, shop)

    assert was == (Status.QUEUED, shop.image(HOST, sha))
    assert again.status == Status.SUCCEEDED
    assert sorted(patches(shop)) == sorted({NAME, WORKER, TICK})


def test_where_a_later_workload_is_refused_those_before_it_are_taken_back(
    clients: Clients, shop: World
) -> None:
    before, running = shop.image(HOST), shop.repository(HOST).head
    shop.commit(HOST)
    Site.objects.filter(host=HOST).update(auto_rollback=True)
    observe(clients)
    shop.cluster.fail_next(422, method="PATCH", path_contains=f"cronjobs/{TICK}", dry_run=False)

    deploy = begin(ask(HOST), clients)
    back = Deploy.objects.exclude(pk=deploy.pk).get(site=deploy.site)
    succeed(back, clients, shop)

    assert (deploy.status, deploy.reason) == (Status.FAILED, "partly_applied")
    assert f"Changed before that: Deployment {NAME}, Deployment {WORKER}." in deploy.message
    assert (back.sha, images(shop, "Deployment", WORKER)["main"]) == (running, before)


@pytest.mark.parametrize("current", [[NAME], [NAME, WORKER]], ids=["one", "two"])
def test_where_the_one_left_behind_is_refused_nothing_was_changed(
    clients: Clients, shop: World, current: list[str]
) -> None:
    sha = shop.commit(HOST)
    if WORKER in current:
        set_image(shop, shop.image(HOST, sha), "main", "migrate")
    shop.cluster.set_image(NAMESPACE, NAME, container=NAME, image=shop.image(HOST, sha))
    shop.cluster.settle_now()
    observe(clients)
    shop.cluster.fail_next(422, 9, method="PATCH", dry_run=False)

    deploy = begin(ask(HOST, sha), clients)

    assert deploy.status == Status.FAILED
    assert deploy.reason != "partly_applied"
    assert "Changed before that" not in deploy.message
    assert patches(shop) == []


def test_an_agreement_to_replace_one_container_s_image_is_none_for_another_s(
    clients: Clients, shop: World
) -> None:
    set_image(shop, "gcr.io/other/app:1", "main")
    set_image(shop, "gcr.io/third/app:1", "migrate")
    MappedWorkload.objects.filter(name=WORKER).update(containers=["main", "migrate"])
    shop.commit(HOST)
    observe(clients, [HOST])
    deploy = ask(HOST)
    User.objects.update(is_superuser=True)
    Deploy.objects.filter(pk=deploy.pk).update(accepts_image="gcr.io/other/app:1")
    shop.cluster.requests.clear()

    begin(deploy, clients)

    assert deploy.status == Status.FAILED
    assert "gcr.io/third/app" in deploy.message
    assert patches(shop) == []


def test_a_workload_that_fails_is_named_and_all_are_taken_back(clients: Clients, shop: World) -> None:
    before = shop.image(HOST)
    sha = shop.commit(HOST)
    Site.objects.filter(host=HOST).update(auto_rollback=True)
    observe(clients)
    shop.behaviours[shop.image(HOST, sha)] = CRASHES()

    deploy = end(begin(ask(HOST), clients), clients, shop, ahead=timedelta(minutes=5))

    assert deploy.status == Status.FAILED
    assert deploy.message.startswith("Deployment ")
    back = Deploy.objects.exclude(pk=deploy.pk).get(site=deploy.site)
    succeed(back, clients, shop)
    for kind, name, container in (
        ("Deployment", NAME, NAME),
        ("Deployment", WORKER, "main"),
        ("CronJob", TICK, "main"),
    ):
        assert images(shop, kind, name)[container] == before


def test_workloads_at_different_commits_are_a_separate_answer(clients: Clients, shop: World) -> None:
    sha = shop.commit(HOST)
    observe(clients)
    set_image(shop, shop.image(HOST, sha), "main", "migrate")
    shop.cluster.settle_now()

    observe(clients)

    row = site_page(name=HOST, now=NOW).row
    assert (row.answer.state, row.answer.action) == (State.MIXED, Action.BRING_TOGETHER)
    assert f"Deployment {WORKER} runs {sha[:7]}" in row.answer.message
    together = succeed(ask(HOST, sha), clients, shop)
    observe(clients)
    assert together.status == Status.SUCCEEDED
    assert answer_of()[0] is State.CURRENT


def test_an_init_container_at_another_commit_is_reported(clients: Clients, shop: World) -> None:
    old = shop.repository(HOST).graph.commits[-2].sha
    set_image(shop, shop.image(HOST, old), "migrate")
    shop.cluster.settle_now()

    observe(clients)

    state, message = answer_of()
    assert state is State.MIXED
    assert f"migrate of Deployment {WORKER} runs {old[:7]}" in message


def test_a_container_that_the_mapping_leaves_out_is_reported_as_well(clients: Clients, shop: World) -> None:
    MappedWorkload.objects.filter(name=WORKER).update(containers=["main"])
    old, sha = shop.repository(HOST).head, shop.commit(HOST)
    observe(clients)

    succeed(ask(HOST), clients, shop)
    observe(clients)

    state, message = answer_of()
    assert images(shop, "Deployment", WORKER)["migrate"] == shop.image(HOST, old)
    assert state is State.MIXED
    assert f"migrate of Deployment {WORKER} runs {old[:7]}" in message
    assert f"main of Deployment {WORKER} runs {sha[:7]}" in message


def test_a_kind_that_may_not_be_listed_troubles_only_the_sites_that_use_it(
    clients: Clients, shop: World
) -> None:
    shop.cluster.fail_next(403, 99, method="GET", path_contains="cronjobs")

    observe(clients)

    seen = dict(Observation.objects.values_list("site__host", "cluster_problem"))
    assert "(403)" in seen.pop(HOST)
    assert set(seen.values()) == {""}


def test_a_rollback_takes_every_workload_back(clients: Clients, shop: World) -> None:
    running = shop.repository(HOST).head
    sha = shop.commit(HOST)
    observe(clients)
    succeed(ask(HOST), clients, shop)
    observe(clients)

    back = request_rollback(
        site=Site.objects.get(host=HOST),
        sha=running,
        seen_sha=sha,
        by=make_user("ann"),
        authentication=JUST_NOW,
        now=NOW,
    )
    succeed(back, clients, shop)

    assert images(shop, "CronJob", TICK)["main"] == shop.image(HOST, running)
    assert images(shop, "Deployment", NAME)[NAME] == shop.image(HOST, running)
    assert images(shop, "Deployment", WORKER)["migrate"] == shop.image(HOST, running)


def test_a_site_without_a_website_is_not_asked_over_https(clients: Clients, shop: World) -> None:
    shop.pages[HOST] = Page(status=500)
    shop.commit(HOST)
    observe(clients)
    deploy = ask(HOST)
    Site.objects.filter(host=HOST).update(name="cacophony-worker", host="", check_enabled=True)

    succeed(deploy, clients, shop)

    assert deploy.status == Status.SUCCEEDED


def test_each_step_is_written_down(clients: Clients, shop: World) -> None:
    shop.commit(HOST)
    observe(clients)

    deploy = begin(ask(HOST), clients)

    steps = DeployStep.objects.filter(deploy=deploy).values_list("kind", "name", "containers")
    assert list(steps) == [
        ("Deployment", NAME, [NAME]),
        ("Deployment", WORKER, ["main", "migrate"]),
        ("CronJob", TICK, ["main", "migrate"]),
    ]
