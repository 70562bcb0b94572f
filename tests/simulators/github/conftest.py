from collections.abc import Iterator

import pytest

from simulators.github import DemoGitHub
from tests.fixtures_clients import demo_github
from tests.simulators.github.client import Client

__all__ = ["demo_github"]


@pytest.fixture
def client(demo_github: DemoGitHub) -> Iterator[Client]:
    with Client(demo_github) as client:
        yield client
