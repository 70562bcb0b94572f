from collections.abc import Iterator

import pytest

from simulators.github import DemoGitHub
from tests.demo.github.client import Client
from tests.fixtures_clients import demo_github

__all__ = ["demo_github"]


@pytest.fixture
def client(demo_github: DemoGitHub) -> Iterator[Client]:
    with Client(demo_github) as client:
        yield client
