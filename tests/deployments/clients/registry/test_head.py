"""HEAD is the one cheap question; what it denies is confirmed by one GET, and what is no manifest is no image."""

import pytest

from deployments.clients.registry import Registry, RegistryRefused, RegistryUnavailable
from deployments.rules.images import ImageReference
from simulators.registry import DOCKER_LIST, OCI_INDEX, DemoRegistry
from simulators.registry.oddities import (
    BARE_HEAD,
    DIGEST_TWICE,
    ERROR_PAGE,
    HEAD_FORBIDDEN,
    HEAD_NOT_ALLOWED,
    HEAD_NOT_FOUND,
    HEAD_NOT_IMPLEMENTED,
    LOGIN_PAGE,
    NO_RIGHT_TO_PULL,
    NOTHING,
    Oddity,
)
from tests.deployments.clients.registry.docker_hub import DockerHub
from tests.fixtures_registry import PATH, SHA, image_at


def asked(demo: DemoRegistry) -> list[str]:
    return [each.method for each in demo.requests if "/manifests/" in each.path and each.status != 401]


@pytest.mark.parametrize(
    "oddity",
    [HEAD_NOT_FOUND, HEAD_FORBIDDEN, HEAD_NOT_ALLOWED, HEAD_NOT_IMPLEMENTED, BARE_HEAD, DIGEST_TWICE],
)
def test_what_head_denies_and_get_shows_is_built(
    demo_registry: DemoRegistry, registry: Registry, oddity: Oddity
) -> None:
    digest = demo_registry.push(PATH, SHA)
    demo_registry.answer_oddly(oddity)

    found = registry.digest(image_at(demo_registry))

    assert found == digest
    assert asked(demo_registry) == ["HEAD", "GET"]


@pytest.mark.parametrize("oddity", [HEAD_NOT_FOUND, HEAD_FORBIDDEN, HEAD_NOT_ALLOWED, HEAD_NOT_IMPLEMENTED])
def test_what_get_denies_as_well_is_not_built(
    demo_registry: DemoRegistry, registry: Registry, oddity: Oddity
) -> None:
    demo_registry.answer_oddly(oddity)

    found = registry.digest(image_at(demo_registry))

    assert found is None
    assert asked(demo_registry) == ["HEAD", "GET"]


def test_what_get_refuses_is_a_refusal_and_not_a_missing_image(
    demo_registry: DemoRegistry, registry: Registry
) -> None:
    demo_registry.answer_oddly(HEAD_NOT_FOUND)
    demo_registry.answer_oddly(NO_RIGHT_TO_PULL)

    with pytest.raises(RegistryRefused, match="It says: DENIED: installation not allowed"):
        registry.digest(image_at(demo_registry))


def test_a_registry_that_fails_when_asked_again_has_not_said_no(
    demo_registry: DemoRegistry, registry: Registry
) -> None:
    demo_registry.answer_oddly(HEAD_NOT_FOUND)
    demo_registry.fail_next(503, path_contains="/manifests/")

    with pytest.raises(RegistryUnavailable, match=r"fails .503"):
        registry.digest(image_at(demo_registry))


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST])
def test_what_head_shows_is_queried_once(
    demo_registry: DemoRegistry, registry: Registry, media_type: str
) -> None:
    demo_registry.push(PATH, SHA, media_type=media_type)

    registry.digest(image_at(demo_registry))

    assert asked(demo_registry) == ["HEAD"]


@pytest.mark.parametrize(
    ("oddity", "kind"),
    [(LOGIN_PAGE, "text/html"), (ERROR_PAGE, "application/json"), (NOTHING, "no media type")],
    ids=["a login page", "an error of a proxy", "nothing at all"],
)
def test_a_200_without_a_manifest_is_no_image(
    demo_registry: DemoRegistry, registry: Registry, oddity: Oddity, kind: str
) -> None:
    demo_registry.push(PATH, SHA)
    demo_registry.answer_oddly(oddity)

    for question in (registry.digest, registry.parts):
        with pytest.raises(
            RegistryUnavailable, match=rf"not an image's manifest \({kind}\). Check that it is"
        ):
            question(image_at(demo_registry))


def test_docker_hub_is_believed_since_it_counts_a_get_as_a_pull(docker_hub: DockerHub) -> None:
    with Registry() as registry:
        found = registry.digest(ImageReference(registry="docker.io", path="library/cron", tag=SHA))

    assert found is None
    assert asked(docker_hub.demo) == ["HEAD"]


def test_docker_hub_shows_what_it_has(docker_hub: DockerHub) -> None:
    digest = docker_hub.demo.push("library/cron", SHA)

    with Registry() as registry:
        found = registry.digest(ImageReference(registry="docker.io", path="library/cron", tag=SHA))

    assert found == digest
