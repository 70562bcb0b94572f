"""Whether an image is there: the plain cases."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from deployments.clients.registry import Registry
from deployments.clients.registry.manifests import parse_manifest, parts_in
from deployments.rules.images import ImageReference
from simulators.registry import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, DemoRegistry
from tests.fixtures_registry import PATH, SHA, image_at


@pytest.mark.parametrize("media_type", [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST])
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


def test_without_tag_and_digest_latest_is_queried(demo_registry: DemoRegistry, registry: Registry) -> None:
    digest = demo_registry.push(PATH, "latest")

    found = registry.digest(ImageReference(registry=demo_registry.host, path=PATH))

    assert found == digest


def test_only_the_one_manifest_is_checked_and_never_fetched(
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


def test_an_index_refers_to_its_manifests(demo_registry: DemoRegistry, registry: Registry) -> None:
    demo_registry.push(PATH, SHA, media_type=OCI_INDEX)
    manifest = demo_registry.push(PATH, "platform", revision=SHA)

    parts = registry.parts(image_at(demo_registry))

    assert parts == {manifest}


def test_two_manifests_of_one_build_share_their_configuration(
    demo_registry: DemoRegistry, registry: Registry
) -> None:
    demo_registry.push(PATH, "one", revision=SHA)
    demo_registry.push(PATH, "other", revision=SHA)

    one, other = (registry.parts(image_at(demo_registry, tag=tag)) for tag in ("one", "other"))

    assert one
    assert one == other


def test_what_is_not_there_refers_to_nothing(demo_registry: DemoRegistry, registry: Registry) -> None:
    demo_registry.push(PATH, SHA)

    assert registry.parts(image_at(demo_registry, tag="another")) == frozenset()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"config":[],"manifests":{}}',
        b'{"manifests":5}',
        b'{"manifests":[1,{"digest":2}]}',
    ],
)
def test_a_body_that_is_no_manifest_refers_to_nothing(body: bytes) -> None:
    assert parts_in(body) == frozenset()


@pytest.mark.parametrize(
    "digest", ["", "sha256", "sha256:a\u0000", "sha256:a, sha256:a", "sha256:" + "a" * 200, 7]
)
def test_what_is_no_digest_is_no_part(digest: object) -> None:
    whole = {"digest": f"sha256:{'b' * 64}", "platform": {"os": "linux", "architecture": "arm64\u0000"}}
    body = json.dumps({"manifests": [{"digest": digest, "platform": {"os": "linux"}}, whole]}).encode()

    assert parse_manifest(body).platforms == {whole["digest"]: "linux/arm64"}
