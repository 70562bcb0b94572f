"""Commands called as a shell calls them: in this process, with the settings pointed at a world on loopback."""

from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from demo.world import World
from deployments.clients.clients import Clients
from tests.worlds import clients, sites, world

__all__ = ["clients", "sites", "world"]
Run = Callable[..., str]


@pytest.fixture
def run() -> Run:
    """Call a command and return what it printed."""

    def called(name: str, *arguments: str) -> str:
        printed = StringIO()
        call_command(name, *arguments, stdout=printed)
        return printed.getvalue()

    return called


@pytest.fixture
def pointed(world: World, settings: Settings, tmp_path: Path) -> Iterator[World]:
    """The world, named by this process' settings."""
    settings.GITHUB_API_URL, settings.GITHUB_TOKEN = world.github.url, world.github.token
    settings.KUBECONFIG = world.cluster.write_kubeconfig(tmp_path / "kubeconfig")
    Clients.from_settings.cache_clear()
    yield world
    clients = Clients.from_settings()
    clients.github.close()
    clients.registry.close()
    clients.cluster.close()
    Clients.from_settings.cache_clear()
