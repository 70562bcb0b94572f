"""The registry's client meets the demo registry, and the real one where it is installed."""

from collections.abc import Iterator

import pytest

from simulators.loopback import LoopbackServer, Request, Response
from tests.deployments.clients.registry.docker_hub import docker_hub
from tests.deployments.clients.registry.real_registry import real_host
from tests.fixtures_clients import trickle
from tests.fixtures_registry import demo_registry, registry

__all__ = ["Elsewhere", "demo_registry", "docker_hub", "elsewhere", "real_host", "registry", "trickle"]


class Elsewhere:
    """Another host, which keeps what it is sent and answers as configured."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.response = Response()
        self.server = LoopbackServer(self._answer)
        self.url = f"http://{self.server.host}/elsewhere"

    def _answer(self, request: Request) -> Response:
        self.requests.append(request)
        return self.response


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    other = Elsewhere()
    other.server.start()
    yield other
    other.server.stop()
