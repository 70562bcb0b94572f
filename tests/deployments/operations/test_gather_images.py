"""Registries are asked as little as possible, and each answers for itself."""

import pytest

from demo.world import World
from deployments.clients.clients import Clients
from deployments.clients.registry import Registry, RegistryRateLimited, RegistryUnavailable
from deployments.models import Observation
from deployments.operations.sync.gather_images import (
    AT_ONCE,
    FAILURES_IN_A_ROW,
    Built,
    RegistryQuestions,
)
from deployments.operations.sync.gather_images import gather_images as ask_for_images
from deployments.rules.images import ImageReference
from simulators.registry import DemoRegistry
from tests.factories import observe
from tests.fixtures_registry import demo_registry, image_at, registry

__all__ = ["demo_registry", "registry"]

HOST = "cacophony.natwelch.com"


def gather_images(
    images: list[ImageReference], registry: Registry
) -> tuple[dict[ImageReference, Built], int]:
    questions = RegistryQuestions(registry)
    return ask_for_images(images, questions), questions.asked


def many(server: DemoRegistry, number: int = 60):
    return [image_at(server, path=f"icco-cloud/site-{each}") for each in range(number)]


def heads_asked(server: DemoRegistry) -> int:
    return sum(entry.method == "HEAD" for entry in server.requests.entries)


def test_after_a_429_the_registry_is_asked_nothing_more(
    demo_registry: DemoRegistry, registry: Registry
) -> None:
    demo_registry.fail_next(429, times=999, retry_after=60, path_contains="manifests")

    built, asked = gather_images(many(demo_registry), registry)

    assert all(isinstance(each, RegistryRateLimited) for each in built.values())
    assert heads_asked(demo_registry) == asked <= AT_ONCE


def test_a_429_of_one_registry_does_not_silence_another(
    demo_registry: DemoRegistry, registry: Registry
) -> None:
    demo_registry.fail_next(429, times=999)
    with DemoRegistry() as other:
        image = image_at(other)
        other.push(image.path, image.tag)

        built, _ = gather_images([*many(demo_registry), image], registry)

    assert built[image] is True


def test_a_registry_that_is_gone_is_not_waited_for_60_times(demo_registry: DemoRegistry) -> None:
    images = many(demo_registry)
    demo_registry.stop()

    with Registry(timeout_seconds=1) as registry:
        built, asked = gather_images(images, registry)

    assert all(isinstance(each, RegistryUnavailable) for each in built.values())
    assert asked < FAILURES_IN_A_ROW + AT_ONCE


def test_a_refusal_is_that_repositorys_alone(demo_registry: DemoRegistry, registry: Registry) -> None:
    images = many(demo_registry, 20)
    for image in images[:10]:
        demo_registry.make_private(image.path, "robot", "secret")

    built, _ = gather_images(images, registry)

    assert [built[each] for each in images[10:]] == [False] * 10


def test_the_same_image_for_two_sites_is_queried_once(
    demo_registry: DemoRegistry, registry: Registry
) -> None:
    _, asked = gather_images([image_at(demo_registry)] * 2, registry)

    assert asked == 1


@pytest.mark.usefixtures("sites")
def test_a_tag_once_seen_is_not_queried_again(world: World, clients: Clients) -> None:
    world.commit(HOST)
    observe(clients)
    world.registry.requests.clear()

    observe(clients)

    assert len(world.registry.requests) == 0


@pytest.mark.usefixtures("sites")
def test_a_tag_not_seen_yet_is_one_request_in_each_sync(world: World, clients: Clients) -> None:
    head = world.commit(HOST, built=False)
    observe(clients)
    world.registry.requests.clear()

    world.build(HOST, head)
    observe(clients)

    assert [each.method for each in world.registry.requests] == ["HEAD"]
    assert Observation.objects.get(site__host=HOST).head_image_built is True
