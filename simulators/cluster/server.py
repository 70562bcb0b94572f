"""The HTTPS server: one thread a connection, kept alive, watches sent in chunks."""

import contextlib
import json
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from simulators.cluster.api import Api
from simulators.cluster.errors import ApiError
from simulators.cluster.failures import DroppedConnection, Failures
from simulators.cluster.kinds import Json
from simulators.cluster.request_log import Entry, RequestLog
from simulators.cluster.requests import Answer, Request, split_target

_HUNG_UP = (ConnectionError, ssl.SSLError, TimeoutError)


class Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(
        self, port: int, tls: ssl.SSLContext, api: Api, failures: Failures, requests: RequestLog
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.api = api
        self.failures = failures
        self.requests = requests
        self._tls = tls
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Wraps the connection in TLS; the handshake happens in the connection's own thread."""
        connection, address = super().get_request()
        wrapped = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._connections.add(wrapped)
        return wrapped, address

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        with contextlib.suppress(OSError):
            socket.socket.shutdown(request, socket.SHUT_RDWR)
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), _HUNG_UP):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """Ends every connection, so that their threads end."""
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """The request log is `DemoCluster.requests`; nothing is printed."""

    def _handle(self) -> None:
        request = self._read()
        self._user = ""
        status = 0
        try:
            answer = self._answer(request)
            status = answer.status
            self.server.failures.strike(request, after=True)
        except DroppedConnection:
            self.close_connection = True
            return
        except ApiError as error:
            status = error.code
            answer = Answer(error.status(), error.code, error.headers)
        finally:
            self._note(request, status)
        self._send(answer)

    def _read(self) -> Request:
        length = int(self.headers.get("Content-Length") or 0)
        path, query = split_target(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, path, query, headers, self.rfile.read(length))

    def _answer(self, request: Request) -> Answer:
        self.server.failures.strike(request, after=False)
        self._user = self.server.api.authorisation.who(request.headers.get("authorization", ""))
        return self.server.api.answer(request, self._user)

    def _note(self, request: Request, status: int) -> None:
        body = request.body.decode(errors="replace")
        entry = Entry(
            request.method, request.path, dict(request.query), self._user, status, request.content_type, body
        )
        self.server.requests.entries.append(entry)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if "Content-Type" not in answer.headers:
            text = isinstance(answer.body, str) and answer.stream is None
            self.send_header("Content-Type", "text/plain" if text else "application/json")
        if answer.stream is not None:
            self._send_stream(answer.stream)
            return
        body = answer.body if isinstance(answer.body, str) else json.dumps(answer.body, separators=(",", ":"))
        raw = body.encode()
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw if self.command != "HEAD" else b"")
        self.wfile.flush()

    def _send_stream(self, stream: Iterator[Json | None]) -> None:
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        for event in stream:
            if event is None and self._is_gone():
                self.close_connection = True
                return
            if event is not None:
                raw = json.dumps(event, separators=(",", ":")).encode() + b"\n"
                self.wfile.write(f"{len(raw):x}\r\n".encode() + raw + b"\r\n")
                self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _is_gone(self) -> bool:
        """Whether the client has hung up: then there is something to read, and it is the end."""
        self.connection.settimeout(0)
        try:
            return not self.connection.recv(1)
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        except OSError:
            return True
        finally:
            self.connection.settimeout(None)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _handle  # noqa: N815
