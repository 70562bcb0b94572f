"""An external service that draws its answer out, each in its own way, and comes to its senses only after ten seconds."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\n"
SENSIBLE = b"Content-Length: 2\r\n\r\n{}"
LATE_SECONDS = 10.0
EVERY_SECONDS = 0.05

WAYS: dict[str, tuple[bytes, bytes, bytes]] = {
    "says nothing": (b"", b"", OK + SENSIBLE),
    "a head that trickles": (b"HTTP/1.1 200 ", b"O", b"\r\n" + SENSIBLE),
    "headers that trickle": (OK + b"X: ", b"x", b"\r\n" + SENSIBLE),
    "headers one by one": (OK, b"X-Wait: 1\r\n", SENSIBLE),
    "100 Continue without end": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", OK + SENSIBLE),
    "a body that trickles": (OK + b"Content-Length: 100000\r\n\r\n", b" ", b""),
    "chunks without end": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", b"0\r\n\r\n"),
    "no length and no end": (OK + b"\r\n", b" ", b""),
}
"""What is sent first, what again and again, and what in the end."""


@dataclass
class StubbornServer:
    """Answers every connection in one of WAYS; `tls` is wrapped around it where it is given."""

    way: str
    tls: ssl.SSLContext | None = None
    connections: int = 0
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        """Accept until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._start(lambda taken=connection: self._answer(taken))

    def stop(self) -> None:
        self._stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _start(self, work) -> None:
        thread = threading.Thread(target=work, name="stubborn")
        self._threads.append(thread)
        thread.start()

    def _answer(self, taken: socket.socket) -> None:
        taken.settimeout(LATE_SECONDS)
        with contextlib.suppress(OSError), taken:
            connection = self.tls.wrap_socket(taken, server_side=True) if self.tls else taken
            with connection:
                connection.recv(65536)
                self._draw_out(connection)

    def _draw_out(self, connection: socket.socket) -> None:
        first, again, last = WAYS[self.way]
        until = time.monotonic() + LATE_SECONDS
        connection.sendall(first)
        while time.monotonic() < until and not self._stopping.wait(EVERY_SECONDS):
            connection.sendall(again)
        connection.sendall(last)


@contextlib.contextmanager
def stubborn(way: str, *, tls: ssl.SSLContext | None = None) -> Iterator[StubbornServer]:
    server = StubbornServer(way, tls)
    server._start(server.serve)
    try:
        yield server
    finally:
        server.stop()
