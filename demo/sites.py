"""The sites of a world as the internet sees them: an HTTPS proxy on loopback, behind which every host answers.

A client with HTTPS_PROXY and REQUESTS_CA_BUNDLE set visits https://cron.example.com/ and reaches this machine: the proxy
takes a CONNECT (RFC 9110, 9.3.6), and speaks TLS itself with a certificate from its own CA for that host.
"""

import contextlib
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from simulators.cluster.tls import make_tls

_HUNG_UP = (ConnectionError, ssl.SSLError, TimeoutError)
_LONGEST_WAIT_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a host answers; after `late_seconds`, its body a byte at a time where it `trickles`."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"<!doctype html><title>A site</title>"
    late_seconds: float = 0
    trickles: bool = False


Answer = Callable[[str, str], Page | None]
"""From host and path to a page; None where there is no such host."""


class DemoSites:
    """`visits` are the addresses that were requested, in order."""

    def __init__(self, answer: Answer, *, hosts: Iterable[str], port: int = 0) -> None:
        self.visits: list[str] = []
        self.ca_pem, tls = make_tls(hosts)
        self._server = _Server(port, answer, tls, self.visits)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="demo-sites", daemon=True
        )

    @property
    def proxy_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def environment(self, folder: Path) -> dict[str, str]:
        """What leads requests here, and what keeps everything on loopback as it is; writes the authority into `folder`."""
        file = folder / "sites-ca.pem"
        file.write_text(self.ca_pem)
        nowhere = "127.0.0.1,localhost"
        return {
            "HTTPS_PROXY": self.proxy_url,
            "https_proxy": self.proxy_url,
            "NO_PROXY": nowhere,
            "no_proxy": nowhere,
            "REQUESTS_CA_BUNDLE": str(file),
        }

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.stopping.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, port: int, answer: Answer, tls: ssl.SSLContext, visits: list[str]) -> None:
        self.answer, self.tls, self.visits = answer, tls, visits
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.keep(connection)
        return connection, address

    def keep(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Ends every connection, so that their threads end."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), _HUNG_UP):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """First the proxy's end of a connection, then the host's, over the same socket."""

    protocol_version = "HTTP/1.1"
    server: _Server
    _host = ""

    def log_message(self, *_: Any) -> None:
        """`DemoSites.visits` is the log."""

    def do_CONNECT(self) -> None:
        self._host, _, port = self.path.rpartition(":")
        if port != "443" or self.server.answer(self._host, "/") is None:
            self.send_error(502, "No such host")
            return
        self.send_response(200, "Connection established")
        self.end_headers()
        self.wfile.flush()
        plain = self.connection
        with self.server.tls.wrap_socket(plain, server_side=True) as secured:
            self.server.keep(secured)
            self.connection = self.request = secured
            self.setup()
            # http.client sends CONNECT as HTTP/1.0, which ends no tunnel.
            self.close_connection = False
            while not self.close_connection:
                self.handle_one_request()
        self.close_connection = True

    def do_GET(self) -> None:
        page = self.server.answer(self._host, self.path) if self._host else None
        if page is None:
            self.send_error(400, "Ask with CONNECT")
            return
        self.server.visits.append(f"https://{self._host}{self.path}")
        self.server.stopping.wait(min(page.late_seconds, _LONGEST_WAIT_SECONDS))
        self.send_response(page.status)
        for name, value in page.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        for byte in (bytes([each]) for each in page.body) if page.trickles else (page.body,):
            self.wfile.write(byte)
            self.wfile.flush()
            if page.trickles and self.server.stopping.wait(0.1):
                return
