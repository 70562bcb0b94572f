"""An app whose web, worker, cache, report and release job are one image: no container of it is left at an earlier commit."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.world import NAMESPACE, World, read_mappings
from deployments.clients.cluster import Cluster, connect
from deployments.rules.images import parse_image
from deployments.rules.jobs import JobPhase, judge_job
from deployments.rules.rollouts import Phase, judge_rollout
from deployments.rules.workloads import Workload, WorkloadKind, matching_containers
from simulators.cluster.cluster import RBAC, WORKLOADS_RBAC
from simulators.cluster.pods import is_active


@pytest.fixture
def world() -> Iterator[World]:
    with World(read_mappings()[:1], start_seconds=0.05, rbac=(RBAC, WORKLOADS_RBAC)) as world:
        image = world.image(next(iter(world.mappings)))
        world.apply("app_of_one_image", image=image)
        world.apply("release_job", image=image)
        world.cluster.settle_now()
        yield world


@pytest.fixture
def client(world: World, tmp_path: Path) -> Iterator[Cluster]:
    config = world.cluster.write_kubeconfig(tmp_path / "config")
    with connect(kubeconfig=config, timeout_seconds=(60, 60)) as cluster:
        yield cluster


def workloads(client: Cluster) -> list[Workload]:
    listed = (one for kind in WorkloadKind for one in client.workloads(kind, NAMESPACE))
    return [one for one in listed if one.name.startswith("shop-")]


def test_no_container_of_the_image_is_left_behind(world: World, client: Cluster) -> None:
    host = next(iter(world.mappings))
    image = world.image(host, world.commit(host))
    repository = parse_image(image).repository
    for workload in workloads(client):
        images = {each.name: image for each in matching_containers(workload, {repository})}
        client.set_images(workload, images=images, annotations={})
    world.cluster.settle_now()

    found = workloads(client)

    running = {
        container["image"]
        for pod in world.cluster.store.all_of("pods", NAMESPACE)
        if pod["metadata"]["name"].startswith("shop-") and is_active(pod)
        for container in (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"])
        if repository in container["image"]
    }
    judged = [
        judge_rollout(each, images={one.name: image for one in matching_containers(each, {repository})}).phase
        for each in found
    ]
    assert len(found) == 5
    assert judged == [Phase.COMPLETE] * 5
    assert running == {image}


def test_the_release_job_runs_to_its_end_with_the_new_image(world: World, client: Cluster) -> None:
    host = next(iter(world.mappings))
    image = world.image(host, world.commit(host))
    cron_job = client.workload("CronJob", NAMESPACE, "shop-upgrade")
    client.create_job(cron_job, name="shop-upgrade-1", images={"upgrade": image}, annotations={})
    world.cluster.settle_now()

    job = client.job(NAMESPACE, "shop-upgrade-1")

    assert judge_job(job).phase is JobPhase.COMPLETE
    assert [each.image for each in job.template.containers] == [image]
