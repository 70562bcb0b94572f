"""By tag, a mapping may have its Deploys name the digest too."""

import pytest

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import Observation, Site, Status
from simulators.registry import OCI_INDEX
from tests.factories import ask, begin, observe, succeed

HOST = "cacophony.natwelch.com"

pytestmark = pytest.mark.usefixtures("sites")


def test_a_deploy_names_the_digest_that_the_tag_has_now(world: World, clients: Clients) -> None:
    Site.objects.filter(host=HOST).update(pins_digest=True)
    head = world.commit(HOST, built=False)
    digest = world.build(HOST, head, media_type=OCI_INDEX)
    observe(clients)

    deploy = succeed(ask(HOST), clients, world)
    observe(clients)

    assert deploy.status == Status.SUCCEEDED, deploy.message
    assert world.running_image(HOST) == f"{world.image(HOST)}@{digest}"
    assert Observation.objects.get(site__host=HOST).running_sha == head


def test_a_tag_that_is_an_index_without_its_image_is_not_deployed(world: World, clients: Clients) -> None:
    before = world.running_image(HOST)
    index = world.build(HOST, world.commit(HOST, built=False), media_type=OCI_INDEX)
    observe(clients)
    deploy = ask(HOST)

    (child,) = world.registry.platforms(world.path(HOST), index)
    world.registry.remove_manifest(world.path(HOST), child)
    begin(deploy, clients)

    assert "is not in the registry yet" in deploy.message
    assert world.running_image(HOST) == before
