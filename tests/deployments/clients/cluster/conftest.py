import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest

from deployments.clients.cluster import Cluster, connect
from simulators.cluster import DemoCluster
from tests.deployments.clients.cluster.ground import MISSING, Admin, Ground
from tests.fixtures_clients import trickle
from tests.timeouts import timeout_seconds

__all__ = ["trickle"]


class Place(NamedTuple):
    """A cluster: the kubeconfig under test, its owner's, and how the owner lets us into a namespace."""

    ours: Path
    owners: Path
    let_in: Callable[[str], None]


@pytest.fixture(scope="session")
def demo_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("demo")
    with DemoCluster(image_exists=lambda image: image != MISSING, start_seconds=0.2) as demo:
        ours, owners = folder / "headway", folder / "admin"
        yield Place(demo.write_kubeconfig(ours), demo.write_kubeconfig(owners, user="admin"), demo.bind_role)


@pytest.fixture(scope="session", params=["demo", "real"])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "demo":
        return request.getfixturevalue("demo_place")
    path = os.environ.get("TEST_KUBECONFIG")
    if not path:
        pytest.skip("TEST_KUBECONFIG names no real cluster")
    return Place(Path(path), Path(path), lambda _: None)


@pytest.fixture(scope="session")
def shared_ground(place: Place) -> Iterator[Ground]:
    """A namespace of the tests' own, deleted afterwards."""
    admin, namespace = Admin(place.owners), f"headway-test-{uuid4().hex[:8]}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    admin.create("/api/v1/namespaces", body)
    place.let_in(namespace)
    try:
        with connect(kubeconfig=place.ours) as cluster:
            yield Ground(cluster=cluster, admin=admin, namespace=namespace)
    finally:
        admin.delete(f"/api/v1/namespaces/{namespace}")
        admin.close()


@pytest.fixture
def ground(shared_ground: Ground) -> Iterator[Ground]:
    yield shared_ground
    shared_ground.clear()


@pytest.fixture
def demo() -> Iterator[DemoCluster]:
    """A cluster of this test alone, to be troubled."""
    with DemoCluster(start_seconds=0.1) as cluster:
        yield cluster


@pytest.fixture
def client(request: pytest.FixtureRequest, demo: DemoCluster, tmp_path: Path) -> Iterator[Cluster]:
    """Ours for that cluster."""
    seconds = timeout_seconds(request)
    kubeconfig = demo.write_kubeconfig(tmp_path / "kubeconfig")
    with connect(kubeconfig=kubeconfig, timeout_seconds=(seconds, seconds)) as cluster:
        yield cluster
