"""The demo's servers, each on a port of its own, and stopped with nothing left behind."""

from collections.abc import Iterator

import pytest

from demo.cluster import HEALTHY, Behaviour, DemoCluster


class Images:
    """What the cluster is told of images: all exist and are healthy until a test says otherwise."""

    def __init__(self) -> None:
        self.missing: set[str] = set()
        self.behaviours: dict[str, Behaviour] = {}

    def exists(self, image: str) -> bool:
        return image not in self.missing

    def behaviour(self, image: str) -> Behaviour:
        return self.behaviours.get(image, HEALTHY)


@pytest.fixture
def images() -> Images:
    return Images()


@pytest.fixture
def demo_cluster(images: Images) -> Iterator[DemoCluster]:
    """A running cluster whose pods are ready in 50 ms, with the namespace `default`."""
    with _cluster(images, start_seconds=0.05) as cluster:
        yield cluster


@pytest.fixture
def calm_cluster(images: Images) -> Iterator[DemoCluster]:
    """One that is to be hurried with `settle_now`: its back-offs last for minutes, so what is seen then stays so."""
    with _cluster(images, start_seconds=60) as cluster:
        yield cluster


def _cluster(images: Images, *, start_seconds: float) -> DemoCluster:
    return DemoCluster(image_exists=images.exists, behaviour=images.behaviour, start_seconds=start_seconds)
