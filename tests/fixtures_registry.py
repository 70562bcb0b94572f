"""The demo registry, and the real client in front of it. Imported by the conftest.py of the folders that use them."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deployments.clients.registry import Registry
from deployments.rules.images import ImageReference
from simulators.registry import DemoRegistry

PATH = "icco-cloud/cron"
SHA = "9f3c1d7a52e64b08a1c7de3390b4f8126a5d0e7b"


@pytest.fixture
def demo_registry() -> Iterator[DemoRegistry]:
    """A running registry without images, which hands a token to everyone."""
    with DemoRegistry() as registry:
        yield registry


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A client without credentials."""
    with Registry(timeout_seconds=20) as client:
        yield client


def image_at(registry: DemoRegistry, *, path: str = PATH, tag: str = SHA) -> ImageReference:
    return ImageReference(registry=registry.host, path=path, tag=tag)


def auth_entry(user: str, password: str) -> dict[str, str]:
    """As docker login writes it."""
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def write_docker_config(folder: Path, **content: Any) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps(content))
    return path
