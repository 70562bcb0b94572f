"""Whether an image is there: the plain cases."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from demo.registry import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, DemoRegistry
from deployments.registry import Registry
from deployments.rules.images import ImageReference
from tests.fixtures_registry import PATH, SHA, image_at


@pytest.mark.parametrize("media_type", [OCI_INDEX, OCI_MANIFEST, DOCKER_MANIFEST])
def test_answers_the_digest_of_each_kind_of_image(
    demo_registry: DemoRegistry, registry: Registry, media_type: str
) -> None:
    digest = demo_registry.push(PATH, SHA, media_type=media_type)

    found = registry.digest(image_at(demo_registry))

    assert found == digest


def test_a_tag_that_is_not_there_is_none(demo_registry: DemoRegistry, registry: Registry) -> None:
    demo_registry.push(PATH, SHA)

    found = registry.digest(image_at(demo_registry, tag="another"))

    assert found is None


def test_a_repository_that_is_not_there_is_none(demo_registry: DemoRegistry, registry: Registry) -> None:
    found = registry.digest(image_at(demo_registry))

    assert found is None


def test_a_digest_goes_before_a_tag(demo_registry: DemoRegistry, registry: Registry) -> None:
    former = demo_registry.push(PATH, "main", revision="1" * 40)
    demo_registry.push(PATH, "main", revision="2" * 40)
    image = ImageReference(registry=demo_registry.host, path=PATH, tag="main", digest=former)

    found = registry.digest(image)

    assert found == former


def test_without_tag_and_digest_latest_is_asked_for(demo_registry: DemoRegistry, registry: Registry) -> None:
    digest = demo_registry.push(PATH, "latest")

    found = registry.digest(ImageReference(registry=demo_registry.host, path=PATH))

    assert found == digest


def test_only_the_one_manifest_is_asked_for_and_never_fetched(
    demo_registry: DemoRegistry, registry: Registry
) -> None:
    demo_registry.push(PATH, SHA)

    registry.digest(image_at(demo_registry))

    asked = {(entry.method, entry.path) for entry in demo_registry.requests if entry.path != "/token"}
    assert asked == {("HEAD", f"/v2/{PATH}/manifests/{SHA}")}


def test_eight_threads_share_one_client(demo_registry: DemoRegistry, registry: Registry) -> None:
    paths = [f"icco-cloud/site-{number}" for number in range(80)]
    pushed = [demo_registry.push(path, SHA) for path in paths]

    with ThreadPoolExecutor(max_workers=8) as pool:
        found = list(pool.map(lambda path: registry.digest(image_at(demo_registry, path=path)), paths))

    assert found == pushed
