from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from deployments.clients.github import GitHub
from simulators.github import DemoGitHub
from simulators.loopback import LoopbackServer, Response
from tests.deployments.clients.github.questions import Serve
from tests.fixtures_clients import demo_github, trickle
from tests.timeouts import timeout_seconds

__all__ = ["demo_github", "trickle"]


@pytest.fixture
def github(request: pytest.FixtureRequest, demo_github: DemoGitHub) -> Iterator[GitHub]:
    """The real client, pointed at the demo."""
    seconds = timeout_seconds(request)
    with GitHub(token=demo_github.token, api_url=demo_github.url, timeout_seconds=seconds) as client:
        yield client


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server that answers every request alike, and gives its address; all are stopped in the end."""
    with ExitStack() as running:

        def start(response: Response) -> str:
            server = LoopbackServer(lambda _: response).start()
            running.callback(server.stop)
            return f"http://{server.host}"

        yield start
