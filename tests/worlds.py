"""Fixtures: a world on loopback, and Headway's real clients pointed at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from demo.world import World, read_mappings
from deployments.clients.clients import Clients
from deployments.clients.cluster import connect
from deployments.clients.github import GitHub
from deployments.clients.registry import Registry
from deployments.models import Site
from simulators.cluster.cluster import RBAC, WORKLOADS_RBAC
from simulators.registry import DemoRegistry
from tests.factories import make_sites
from tests.real_registry import RealRegistry
from tests.timeouts import timeout_seconds


@pytest.fixture
def world(request: pytest.FixtureRequest, settings: Settings) -> Iterator[World]:
    """Two sites of the real table, one pod and two; five where the test is marked with `five_sites`, all 34 with `whole_table`, one with `real_registry`.

    With `every_kind` the worker has the rights for all kinds of workloads; with `by_label` every image says its commit in a label,
    and with `by_release` images are tagged with versions. With `real_registry` images are in docker-registry itself.
    """
    mappings, five = read_mappings(), request.node.get_closest_marker("five_sites")
    if request.node.get_closest_marker("whole_table") is None:
        mappings = mappings[:5] if five else [mappings[3], mappings[1]]
    if request.node.get_closest_marker("real_registry"):
        mappings = [each for each in mappings if each.host == "cacophony.natwelch.com"]
    rbac = (RBAC, WORKLOADS_RBAC) if request.node.get_closest_marker("every_kind") else RBAC
    by_label = [each.host for each in mappings] if request.node.get_closest_marker("by_label") else []
    by_release = [each.host for each in mappings] if request.node.get_closest_marker("by_release") else []
    is_real = request.node.get_closest_marker("real_registry") is not None
    registry = RealRegistry(request.getfixturevalue("real_host")) if is_real else DemoRegistry()
    known = {"by_label": by_label, "by_release": by_release}
    with World(mappings, start_seconds=0.05, rbac=rbac, registry=registry, **known) as world:
        settings.IMAGE_TEMPLATE = world.image_template
        settings.IMAGE_PREFIXES = [world.image_template.partition("{")[0]]
        yield world


@pytest.fixture
def clients(
    request: pytest.FixtureRequest,
    world: World,
    sites: dict[str, Site],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Clients]:
    """Clients in this process, led to the world's hosts by the environment, as a worker is."""
    for name, value in world.sites.environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    kubeconfig = world.cluster.write_kubeconfig(tmp_path / "kubeconfig")
    seconds = timeout_seconds(request)
    with (
        GitHub(token=world.github.token, api_url=world.github.url, timeout_seconds=seconds) as github,
        Registry(timeout_seconds=seconds) as registry,
        connect(kubeconfig=kubeconfig, timeout_seconds=(seconds, seconds)) as cluster,
    ):
        yield Clients(github=github, registry=registry, connected=cluster)


@pytest.fixture
def sites(world: World, db: None) -> dict[str, Site]:
    return make_sites(world)
