from collections.abc import Iterator

import pytest

from demo.github import DemoGitHub
from deployments.github import GitHub
from tests.fixtures_outside import demo_github

__all__ = ["demo_github"]


@pytest.fixture
def github(demo_github: DemoGitHub) -> Iterator[GitHub]:
    """The real client, pointed at the demo; it waits a second and no longer."""
    with GitHub(token=demo_github.token, api_url=demo_github.url, timeout_seconds=1) as client:
        yield client
