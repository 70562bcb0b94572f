"""Webhooks rewrite every container of the site's image: all of them stay the site's."""

from typing import Any

import pytest

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Observation, Site, Status
from deployments.operations.doctor.run import examine
from deployments.queries import site_page
from deployments.rules.site_state import State
from simulators.cluster import Mutation
from tests.deployments.operations.following import HOST, NAME, rolled_out, see_through
from tests.deployments.operations.test_release_job import UPGRADE, cron_job
from tests.factories import NOW, ask, begin, observe

pytestmark = pytest.mark.usefixtures("sites")

ENVOY = "docker.io/envoyproxy/envoy:v1.31"


def mirrored(world: World) -> Mutation:
    registries = {f"{world.registry.host}/": "mirror.local/registry/", "docker.io/": "mirror.local/hub/"}
    return Mutation(registries=registries)


@pytest.fixture(params=[mirrored, lambda _: Mutation(pins=True, drops_tag=True)], ids=["mirrored", "pinned"])
def shop(request: pytest.FixtureRequest, world: World) -> World:
    """An app with a migration before it and a proxy beside it, none of them named like its Deployment."""
    image = world.running_image(HOST)
    world.cluster.delete_deployment(NAMESPACE, NAME)
    world.cluster.create_deployment(
        NAMESPACE,
        NAME,
        containers={"web": image, "proxy": ENVOY},
        init_containers={"migrate": image},
        settled=True,
    )
    world.cluster.mutations.append(request.param(world))
    Site.objects.filter(host=HOST).update(check_enabled=False)
    return world


@pytest.mark.every_kind
def test_a_release_job_behind_the_mirror_runs_the_sites_image(world: World, clients: Clients) -> None:
    world.cluster.mutations.append(mirrored(world))
    world.cluster.apply(cron_job(world.image(HOST)), namespace=NAMESPACE)
    Site.objects.filter(host=HOST).update(check_enabled=False)
    see_through(rolled_out(world, clients), clients)
    Site.objects.filter(host=HOST).update(release_job=UPGRADE)
    world.commit(HOST)
    observe(clients)

    deploy = begin(ask(HOST), clients)

    assert (deploy.status, deploy.message) == (
        Status.RELEASING,
        f"Release job {UPGRADE}-{deploy.pk} was created. Nothing else has been changed yet.",
    )


def images(world: World) -> dict[str, str]:
    spec: dict[str, Any] = world.cluster.deployment(NAMESPACE, NAME)["spec"]["template"]["spec"]
    return {each["name"]: each["image"] for each in (*spec["initContainers"], *spec["containers"])}


def state() -> State:
    return site_page(name=HOST, now=NOW).row.answer.state


def test_the_next_commit_reaches_them_all_and_no_other(shop: World, clients: Clients) -> None:
    see_through(rolled_out(shop, clients), clients)
    observe(clients)
    after_the_first, before = state(), images(shop)

    second = see_through(rolled_out(shop, clients), clients)
    observe(clients)
    doubts = [each.message for each in examine(clients=clients, now=NOW) if "is not of" in each.message]

    assert doubts == []
    assert after_the_first is State.CURRENT
    assert (second.status, state()) == (Status.SUCCEEDED, State.CURRENT)
    present, (seen,) = images(shop), Observation.objects.get(site__host=HOST).workloads
    assert present["migrate"] == present["web"] != before["web"]
    assert "envoyproxy/envoy" in present["proxy"]
    assert seen["containers"] == {"migrate": second.sha, "web": second.sha}
