"""The external services on loopback, for whichever tests talk to them."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from simulators.github import DemoGitHub


@pytest.fixture
def demo_github() -> Iterator[DemoGitHub]:
    server = DemoGitHub().start()
    yield server
    server.stop()


@pytest.fixture
def trickle() -> Iterator[str]:
    """A server that sends a byte every 50 ms and never ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopping = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            with contextlib.suppress(OSError):
                while not stopping.wait(0.05):
                    connection.sendall(b" ")

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    stopping.set()
    thread.join()
    listener.close()
