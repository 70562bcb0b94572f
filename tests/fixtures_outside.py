"""The far ends on loopback, for whichever tests talk to them."""

from collections.abc import Iterator

import pytest

from demo.github import DemoGitHub


@pytest.fixture
def demo_github() -> Iterator[DemoGitHub]:
    server = DemoGitHub().start()
    yield server
    server.stop()
