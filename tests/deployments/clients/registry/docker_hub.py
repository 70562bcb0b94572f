"""Docker Hub by its own name: a proxy on loopback, which the client is led to as to any proxy, answers for it by the demo registry."""

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.cluster.tls import make_tls
from simulators.registry import DemoRegistry

NAME = "registry-1.docker.io"


class DockerHub(socketserver.ThreadingTCPServer):
    def __init__(self, demo: DemoRegistry) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.demo = demo
        self.authority, self.tls = make_tls([NAME])
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Tunnel(socketserver.BaseRequestHandler):
    server: DockerHub

    def handle(self) -> None:
        """CONNECT, and then whatever is said inside it."""
        self.request.recv(65536)
        self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with (
            contextlib.suppress(OSError),
            self.server.tls.wrap_socket(self.request, server_side=True) as inner,
            socket.create_connection(("127.0.0.1", self.server.demo.port)) as registry,
        ):
            answering = threading.Thread(target=_pump, args=(registry, inner))
            answering.start()
            _pump(inner, registry)
            registry.shutdown(socket.SHUT_RDWR)
            answering.join()


def _pump(source: socket.socket | ssl.SSLSocket, target: socket.socket | ssl.SSLSocket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)


@pytest.fixture
def docker_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DockerHub]:
    authority = tmp_path / "authority.pem"
    with DemoRegistry(auth="none") as demo, DockerHub(demo) as hub:
        authority.write_text(hub.authority)
        monkeypatch.setenv("HTTPS_PROXY", hub.url)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
        thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield hub
        hub.shutdown()
        thread.join()
