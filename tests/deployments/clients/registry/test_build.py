"""What a build says of itself, and whether all of it is there; against docker-registry itself where that is what is asked."""

from datetime import UTC, datetime

import pytest

from deployments.clients.registry import BuildLabels, Registry, RegistryUnavailable
from deployments.rules.images import ImageReference
from simulators.registry import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    DemoRegistry,
    Says,
    labels_of,
)
from simulators.registry.oddities import LOGIN_PAGE
from tests.deployments.clients.registry.real_registry import delete, push
from tests.fixtures_registry import PATH, SHA, image_at

OURS = "https://github.com/icco/cron"
OTHER_SHA = "a" * 40
ALL_KINDS = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST]
INDEXES = [OCI_INDEX, DOCKER_LIST]


def build(registry: Registry, host: str, digest: str = "") -> BuildLabels:
    image = ImageReference(registry=host, path=PATH, tag=SHA, digest=digest or None)
    found = registry.build(image)
    assert found is not None
    return found


@pytest.mark.parametrize("media_type", ALL_KINDS)
def test_the_labels_of_each_kind_of_image_are_read(
    real_host: str, registry: Registry, media_type: str
) -> None:
    digest = push(real_host, media_type=media_type, says=Says(labels_of(SHA, OURS)))

    found = build(registry, real_host)

    assert (found.digest, found.revision, found.source) == (digest, SHA, OURS)
    assert found.created_at == datetime(2026, 11, 20, 8, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "says",
    [
        Says(labels_of(OTHER_SHA, "https://github.com/base/image"), manifest=labels_of(SHA, OURS)),
        Says(labels_of(OTHER_SHA, "https://github.com/base/image"), index=labels_of(SHA, OURS)),
    ],
    ids=["of the manifest", "of the index"],
)
def test_an_annotation_counts_before_a_label_which_may_be_inherited(
    real_host: str, registry: Registry, says: Says
) -> None:
    push(real_host, media_type=OCI_INDEX, says=says)

    found = build(registry, real_host)

    assert (found.revision, found.source) == (SHA, OURS)


def test_a_source_is_never_taken_from_elsewhere_than_the_revision(
    demo_registry: DemoRegistry, registry: Registry
) -> None:
    revision_alone = {"org.opencontainers.image.revision": SHA}
    demo_registry.push(PATH, SHA, says=Says(labels_of(OTHER_SHA, OURS), manifest=revision_alone))

    found = registry.build(image_at(demo_registry))

    assert found is not None
    assert (found.revision, found.source) == (SHA, "")


def test_an_image_without_labels_says_nothing(demo_registry: DemoRegistry, registry: Registry) -> None:
    demo_registry.push(PATH, SHA, says=Says())

    found = registry.build(image_at(demo_registry))

    assert found is not None
    assert (found.revision, found.source, found.created_at) == ("", "", None)


def test_what_is_not_there_has_no_build(real_host: str, registry: Registry) -> None:
    assert registry.build(ImageReference(registry=real_host, path=PATH, tag="nobody-pushed-this")) is None


def test_the_platforms_of_an_index_are_known_by_their_digests(
    demo_registry: DemoRegistry, registry: Registry
) -> None:
    digest = demo_registry.push(PATH, SHA, media_type=OCI_INDEX)

    found = registry.build(image_at(demo_registry))

    assert found is not None
    assert found.platforms == dict.fromkeys(demo_registry.platforms(PATH, digest), "linux/amd64")


@pytest.mark.parametrize("media_type", ALL_KINDS)
def test_what_is_whole_can_be_pulled(real_host: str, registry: Registry, media_type: str) -> None:
    digest = push(real_host, media_type=media_type)

    found = registry.pullable_digest(ImageReference(registry=real_host, path=PATH, tag=SHA))

    assert found == digest


@pytest.mark.parametrize("media_type", INDEXES)
def test_an_index_whose_image_was_cleaned_up_cannot_be_pulled(
    real_host: str, registry: Registry, media_type: str
) -> None:
    digest = push(real_host, media_type=media_type, says=Says(labels_of("b" * 40, OURS)))
    (child,) = build(registry, real_host).platforms
    image = ImageReference(registry=real_host, path=PATH, digest=digest)

    delete(real_host, child)

    assert registry.digest(image) == digest
    assert registry.pullable_digest(image) is None
    assert registry.pullable_digest(image, children=[child]) is None
    assert registry.build(image) is None


def test_children_that_are_known_cost_no_get(demo_registry: DemoRegistry, registry: Registry) -> None:
    digest = demo_registry.push(PATH, SHA, media_type=OCI_INDEX)
    children = demo_registry.platforms(PATH, digest)

    registry.pullable_digest(image_at(demo_registry), children=children)

    assert not demo_registry.requests.matching(method="GET", path_contains="/manifests/")
    assert len(demo_registry.requests.matching(method="HEAD", path_contains=children[0])) == 1


def test_a_configuration_that_is_another_is_not_believed(
    demo_registry: DemoRegistry, registry: Registry
) -> None:
    demo_registry.push(PATH, SHA)
    demo_registry.answer_oddly(LOGIN_PAGE, path_contains="/blobs/")

    with pytest.raises(RegistryUnavailable, match="something other than icco-cloud/cron's configuration"):
        registry.build(image_at(demo_registry))
