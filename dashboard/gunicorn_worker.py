"""gunicorn's threads, which slow connections cannot occupy: a thread gets only complete requests, and leaves sending its answer to the loop.

gunicorn's own threads wait for clients that send a byte a second, or read none; sixteen such connections stop all pages and probes.
docs/decisions/0012-slow-connections.md says why this is ours. TLS ends in front of us: there is none here.
"""

import socket
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from dashboard.arrival import Arrival, Progress
from dashboard.unreader import Arrived

MOST_BYTES = 32 * 1024 * 1024
"""Of all requests that arrive and all answers that leave, together."""
HOOKS_AT_ONCE = 2
"""Threads that hooks may have; those that come faster wait, so that a burst of them leaves people the other threads."""
_AT_ONCE = 64 * 1024
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_REFUSALS = {
    Progress.LARGE_HEAD: (
        "431 Request Header Fields Too Large",
        "This request's head is larger than Headway reads.",
    ),
    Progress.LARGE_BODY: ("413 Content Too Large", "This is more than Headway reads. Nothing was changed."),
}
_TOO_SLOW = ("408 Request Timeout", "This request took too long to arrive. Nothing was changed.")


class Socket:
    """A socket that never waits: what the kernel does not take is kept for the loop, and what has not arrived is not there."""

    def __init__(self, real: socket.socket) -> None:
        real.setblocking(False)
        self._real, self.unsent = real, bytearray()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def setblocking(self, flag: bool) -> None:  # gunicorn's call
        """Do nothing."""

    def settimeout(self, seconds: float | None) -> None:
        """Do nothing."""

    def recv(self, size: int) -> bytes:
        """Return the end of what there is: gunicorn was given the whole request before."""
        return b""

    def receive(self) -> bytes:
        """Return what has arrived; empty where the other side has ended. Raises OSError, BlockingIOError where nothing has."""
        return self._real.recv(_AT_ONCE)

    def send(self, data: bytes) -> int:
        self.sendall(data)
        return len(data)

    def sendall(self, data: bytes) -> None:
        """Send what can be sent, and keep the rest. Raises OSError where nobody is there."""
        self.unsent += data
        self.flush()

    def flush(self) -> None:
        try:
            while self.unsent:
                del self.unsent[: self._real.send(self.unsent)]
        except BlockingIOError:
            return


class Connection(TConn):  # type: ignore[misc]  # gunicorn is not typed
    """One browser's, or one that says it is."""

    def __init__(self, cfg: Any, real: socket.socket, client: Any, server: Any) -> None:
        super().__init__(cfg, Socket(real), client, server)
        self.arrival = Arrival()
        self.began = 0.0
        self.has_hook = False
        """A hook of it is with a thread."""

    @property
    def held(self) -> int:
        """Bytes that wait here for the other side."""
        return len(self.arrival.data) + len(self.sock.unsent)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn is not typed
    """Named in dashboard/gunicorn.py. All but `handle` runs in the loop's one thread."""

    head_seconds, request_seconds = 10, 30
    """From a request's first moment to the end of its head, and to its own."""
    answer_seconds = 60
    """For reading an answer."""
    linger_seconds = 5
    """For a browser that still sends what we have refused: cut off at once, it would never read why."""
    idle_seconds = 1
    """For a request that may be on its way to a worker that stops."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: dict[Connection, float] = {}
        """Those that the loop itself attends to, each until when; the oldest first."""
        self._hooks: deque[Connection] = deque()
        """Those that have arrived, and wait for their turn."""
        self._hooks_at_work = 0

    def accept(self, listener: Any) -> None:
        try:
            real, client = listener.accept()
        except OSError:
            return
        self.nr_conns += 1
        self._make_room()
        self.enqueue_req(Connection(self.cfg, real, client, listener.getsockname()))

    def enqueue_req(self, conn: Connection) -> None:
        """Let a request arrive: gunicorn calls this wherever one may begin."""
        ahead = conn.parser.unreader.take_buffered() if conn.parser else b""
        conn.arrival, conn.began = Arrival(), time.monotonic()
        self._await(conn, EVENT_READ, self._read, self.head_seconds)
        if ahead:
            self._attend(conn, partial(self._feed, data=ahead))

    def finish_request(self, conn: Connection, fs: Any) -> None:
        """Send what a thread has left to send, then keep the connection for the next request, or end it."""
        if conn.has_hook:
            conn.has_hook = False
            self._hooks_at_work -= 1
            self._hand_over_hooks()
        if conn.sock.unsent:
            self._await(conn, EVENT_WRITE, partial(self._send, fs=fs), self.answer_seconds)
            self._make_room()
        elif not fs.cancelled() and fs.exception() is None and fs.result():
            super().finish_request(conn, fs)
        else:
            self._linger(conn)

    def murder_pending(self) -> None:
        """End what has taken too long; a worker that stops waits for no request of which nothing has come."""
        now = time.monotonic()
        for conn, until in list(self._waiting.items()):
            is_idle = not self.alive and not conn.held and now - conn.began > self.idle_seconds
            if until <= now and conn.arrival.data and conn.sock.fileno() >= 0:
                self._refuse(conn, _TOO_SLOW)
            elif until <= now or is_idle:
                self._drop(conn)

    def _await(
        self, conn: Connection, event: int, then: Callable[[Connection], None], seconds: float
    ) -> None:
        self._forget(conn)
        self._waiting[conn] = time.monotonic() + seconds
        self.poller.register(conn.sock, event, lambda _: self._attend(conn, then))

    def _attend(self, conn: Connection, then: Callable[[Connection], None]) -> None:
        # Another of the same moment's events may have ended it.
        if conn in self._waiting:
            try:
                then(conn)
            except BlockingIOError:
                return
            except OSError:
                self._drop(conn)

    def _read(self, conn: Connection) -> None:
        data = conn.sock.receive()
        if not data:
            self._drop(conn)
            return
        self._feed(conn, data)

    def _feed(self, conn: Connection, data: bytes) -> None:
        had_head = conn.arrival.has_head
        progress = conn.arrival.feed(data)
        if progress is Progress.WHOLE:
            self._forget(conn)
            self._arrived(conn)
        elif progress in _REFUSALS:
            self._refuse(conn, _REFUSALS[progress])
        elif conn.arrival.has_head and not had_head:
            self._waiting[conn] = conn.began + self.request_seconds
            if conn.arrival.wants_continue:
                conn.sock.sendall(_CONTINUE)
        self._make_room()

    def _arrived(self, conn: Connection) -> None:
        if conn.arrival.is_hook:
            self._hooks.append(conn)
            self._hand_over_hooks()
        else:
            self._hand_over(conn)

    def _hand_over_hooks(self) -> None:
        while self._hooks and self._hooks_at_work < HOOKS_AT_ONCE:
            conn = self._hooks.popleft()
            conn.has_hook = True
            self._hooks_at_work += 1
            self._hand_over(conn)

    def _hand_over(self, conn: Connection) -> None:
        conn.init()
        conn.parser.unreader = Arrived(conn.arrival.data)
        conn.arrival = Arrival()
        super().enqueue_req(conn)

    def _send(self, conn: Connection, *, fs: Any) -> None:
        conn.sock.flush()
        if not conn.sock.unsent:
            self._forget(conn)
            self.finish_request(conn, fs)

    def _refuse(self, conn: Connection, refusal: tuple[str, str]) -> None:
        status, message = refusal
        conn.arrival = Arrival()
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: {len(message) + 1}"
        try:
            conn.sock.sendall(f"{head}\r\n\r\n{message}\n".encode())
            self._linger(conn)
        except OSError:
            self._drop(conn)

    def _linger(self, conn: Connection) -> None:
        """Say that no more comes, and read what still does for a moment (RFC 9112 section 9.6)."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(conn)
        else:
            self._await(conn, EVENT_READ, self._discard, self.linger_seconds)

    def _discard(self, conn: Connection) -> None:
        if not conn.sock.receive():
            self._drop(conn)

    def _make_room(self) -> None:
        """End the oldest where there are more connections than may be, or more bytes of them than may be kept."""
        while self.keepalived_conns and self.nr_conns >= self.worker_connections:
            idle = self.keepalived_conns.popleft()
            self.poller.unregister(idle.sock)
            self._drop(idle)
        while self._waiting and self.nr_conns >= self.worker_connections:
            self._drop(next(iter(self._waiting)))
        while (held := [*self._waiting, *self._hooks]) and sum(conn.held for conn in held) > MOST_BYTES:
            self._drop(max(held, key=lambda conn: conn.held))

    def _forget(self, conn: Connection) -> None:
        if self._waiting.pop(conn, None) is not None:
            self.poller.unregister(conn.sock)

    def _drop(self, conn: Connection) -> None:
        self._forget(conn)
        if conn in self._hooks:
            self._hooks.remove(conn)
        self.nr_conns -= 1
        conn.close()
