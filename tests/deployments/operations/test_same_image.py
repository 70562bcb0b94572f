"""One pod template with the site's image twice, as a Deployment and as every other kind: none of it is left at another commit."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Site, Status
from deployments.operations.sites.save import save_workloads
from deployments.queries import site_page
from deployments.rules.rollbacks import is_of
from deployments.rules.site_state import State
from deployments.rules.targets import WorkloadReference
from deployments.rules.workloads import WorkloadKind
from tests.deployments.operations.following import HOST
from tests.factories import NOW, ask, observe, succeed
from tests.one_image import at_another_image

pytestmark = [pytest.mark.usefixtures("sites"), pytest.mark.every_kind]

CASE = Path(__file__).with_name("cases") / "same_image.yaml"
NAME, MIGRATE = "shop", "migrate"


def manifest(kind: WorkloadKind, image: str) -> str:
    """The case with this image, and its pods as a workload of this kind would have them."""
    (found,) = (one for one in yaml.safe_load_all(CASE.read_text(encoding="utf-8")) if one)
    found["metadata"]["namespace"] = NAMESPACE
    pods = found["spec"]["template"]["spec"]
    for each in (*pods["initContainers"], *pods["containers"]):
        each["image"] = image
    return yaml.safe_dump(found | {"kind": kind.value, **_OTHERWISE.get(kind, lambda _: {})(found["spec"])})


_OTHERWISE: dict[WorkloadKind, Any] = {
    WorkloadKind.STATEFUL_SET: lambda spec: {"spec": spec | {"serviceName": NAME}},
    WorkloadKind.DAEMON_SET: lambda spec: {
        "spec": {name: value for name, value in spec.items() if name != "replicas"}
    },
    WorkloadKind.CRON_JOB: lambda spec: {
        "apiVersion": "batch/v1",
        "spec": {
            "schedule": "*/5 * * * *",
            "jobTemplate": {
                "spec": {
                    "template": spec["template"]
                    | {"spec": spec["template"]["spec"] | {"restartPolicy": "Never"}}
                }
            },
        },
    },
}


def map_case(world: World, kind: WorkloadKind, *containers: str) -> Site:
    world.cluster.apply(manifest(kind, world.image(HOST)), namespace=NAMESPACE)
    world.cluster.settle_now()
    site = Site.objects.get(host=HOST)
    reference = WorkloadReference(kind=kind, namespace=NAMESPACE, name=NAME, containers=containers)
    save_workloads(site, [reference])
    Site.objects.filter(pk=site.pk).update(check_enabled=False)
    return site


@pytest.mark.parametrize("kind", WorkloadKind)
def test_no_container_is_left_at_another_commit(clients: Clients, world: World, kind: WorkloadKind) -> None:
    site = map_case(world, kind)
    world.commit(HOST)
    observe(clients)

    deploy = succeed(ask(HOST), clients, world)
    observe(clients)

    assert deploy.status == Status.SUCCEEDED, deploy.message
    assert at_another_image(world, site, deploy.image) == []
    assert _first_image(world, kind) == deploy.image
    answer = site_page(name=HOST, now=NOW).row.answer
    assert answer.state is State.CURRENT
    runs = "Its next job runs" if kind is WorkloadKind.CRON_JOB else "Runs"
    assert answer.message.startswith(f"{runs} the newest commit, {deploy.sha[:7]}.")


@pytest.mark.parametrize("kind", WorkloadKind)
def test_one_that_the_mapping_leaves_out_is_named_on_the_page(
    clients: Clients, world: World, kind: WorkloadKind
) -> None:
    site = map_case(world, kind, NAME)
    old = world.repository(HOST).head
    world.commit(HOST)
    observe(clients)

    deploy = succeed(ask(HOST), clients, world)
    observe(clients)

    answer = site_page(name=HOST, now=NOW).row.answer
    assert deploy.status == Status.SUCCEEDED, deploy.message
    assert any(each.startswith(MIGRATE) for each in at_another_image(world, site, deploy.image))
    assert answer.state is State.MIXED
    assert f"{MIGRATE} of {kind} {NAME}" in answer.message
    assert old[:7] in answer.message


def _first_image(world: World, kind: WorkloadKind) -> str:
    spec = world.cluster.workload(kind, NAMESPACE, NAME)["spec"]
    pods = (spec["jobTemplate"]["spec"] if kind is WorkloadKind.CRON_JOB else spec)["template"]["spec"]
    image: str = pods["initContainers"][0]["image"]
    assert is_of(image, world.image(HOST).rpartition(":")[0])
    return image
