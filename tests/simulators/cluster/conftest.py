"""The demo's servers, each on its own port, and stopped with nothing left behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.cluster import HEALTHY, Behaviour, DemoCluster

KINDS = Path(__file__).parent / "kinds.yaml"


class Images:
    """What the cluster knows about images: all exist and are healthy until a test says otherwise."""

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
    """One that is to be hurried with `settle_now`: its back-offs last for minutes, so what is seen then does not change."""
    with _cluster(images, start_seconds=60) as cluster:
        yield cluster


def _cluster(images: Images, *, start_seconds: float) -> DemoCluster:
    return DemoCluster(image_exists=images.exists, behaviour=images.behaviour, start_seconds=start_seconds)


@pytest.fixture
def three(demo_cluster: DemoCluster) -> DemoCluster:
    """A Deployment of three ready pods that run app:1."""
    demo_cluster.create_deployment("default", "cron", containers={"web": "app:1"}, replicas=3)
    demo_cluster.settle_now()
    return demo_cluster


@pytest.fixture
def kinds(demo_cluster: DemoCluster) -> DemoCluster:
    """One workload of every kind that runs app:1, come to rest."""
    demo_cluster.apply(KINDS.read_text())
    demo_cluster.settle_now()
    return demo_cluster


@pytest.fixture
def five(demo_cluster: DemoCluster) -> DemoCluster:
    """Five Deployments, s0 to s4, of which three are labelled as even."""
    for number in range(5):
        labels = {"team": "odd" if number % 2 else "even"}
        containers = {"web": "app:1"}
        demo_cluster.create_deployment(
            "default", f"s{number}", containers=containers, labels=labels, settled=True
        )
    return demo_cluster
