"""One deadline for the whole of a question to an external service, whatever the service does to draw it out.

A timeout of requests or urllib3 counts from one byte to the next, so a server that sends a byte now and then, `100 Continue` without
end, or one redirect after another, is waited for without end. Every client asks through the connections of this module instead:

    with within(10):
        session.get(...)

Names, connecting, TLS, the request, the head and the body all end when the block's time is up; what is raised is the library's own
timeout. The innermost block counts where it ends first. Without a block, an answer may take its read timeout as a whole.
"""

import io
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from http.client import HTTPResponse
from math import inf
from time import monotonic
from typing import Any, TypeVar

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, ReadTimeoutError

T = TypeVar("T")
_PIECE_BYTES = 64 * 1024
_ends_at: ContextVar[float] = ContextVar("ends_at", default=inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What this thread asks in the block ends in this time, or earlier where a block around it does."""
    token = _ends_at.set(min(_ends_at.get(), monotonic() + seconds))
    try:
        yield
    finally:
        _ends_at.reset(token)


def seconds_left() -> float:
    """Until the end of the block; infinite outside of any, never below zero."""
    return max(_ends_at.get() - monotonic(), 0)


def in_a_thread(call: Callable[[], T]) -> Future[T]:
    """The call's result, from a thread that no process waits for when it ends."""
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except Exception as error:  # noqa: BLE001 -- raised again where the result is read
            future.set_exception(error)

    threading.Thread(target=copy_context().run, args=(work,), name="question", daemon=True).start()
    return future


class TooLate(Exception):
    """The call did not end in time; its thread is left behind."""


def in_time(call: Callable[[], T], *, late: Callable[[T], object] = lambda _: None) -> T:
    """What a call that knows no deadline returns, if it does so in this block's time; `late` is given what comes after it.

    Raises TooLate.
    """
    left = seconds_left()
    if left == inf:
        return call()
    if not left:
        raise TooLate
    future = in_a_thread(call)
    try:
        return future.result(timeout=left)
    except TimeoutError as error:
        if future.done() and future.exception() is error:
            raise
        future.add_done_callback(lambda each: None if each.exception() else late(each.result()))
        raise TooLate from None


class _Bounded(io.RawIOBase):
    """The bytes of a connection until the moment that is the answer's end."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket) -> None:
        self._raw, self._socket = raw, connection
        self._idle = connection.gettimeout() or inf
        self._ends_at = _ends_at.get()
        if self._ends_at == inf:
            self._ends_at = monotonic() + self._idle

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._ends_at - monotonic()
        if left <= 0:
            raise TimeoutError("The answer did not end in time.")
        if min(self._idle, left) < inf:
            self._socket.settimeout(min(self._idle, left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp: io.BufferedReader = io.BufferedReader(_Bounded(self.fp.detach(), sock))


class _InTime:
    """What both kinds of connection have in common. Names and addresses the system tries without a deadline: so in a thread."""

    response_class = _Response
    sock: Any
    timeout: Any

    def _new_conn(self) -> socket.socket:
        left = seconds_left()
        if left < inf:
            self.timeout = min(self.timeout, left) if isinstance(self.timeout, int | float) else left
        try:
            found: socket.socket = in_time(super()._new_conn, late=socket.socket.close)  # type: ignore[misc]
        except TooLate:
            raise ConnectTimeoutError(self, "The connection did not come in time.") from None
        return found

    def send(self, data: Any) -> None:
        pieces = [data]
        if isinstance(data, bytes):
            pieces = [data[at : at + _PIECE_BYTES] for at in range(0, len(data), _PIECE_BYTES)]
        for piece in pieces:
            left = seconds_left()
            if left <= 0:
                raise ReadTimeoutError(None, None, "The request was not taken in time.")  # type: ignore[arg-type]
            if self.sock is not None and left < inf:
                self.sock.settimeout(left)
            super().send(piece)  # type: ignore[misc]


class Connection(_InTime, HTTPConnection):  # type: ignore[misc]  # typeshed knows one kind of answer
    pass


class TLSConnection(_InTime, HTTPSConnection):  # type: ignore[misc]
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = Connection


class TLSPool(HTTPSConnectionPool):
    ConnectionCls = TLSConnection


def keep_in_time(manager: urllib3.PoolManager) -> None:
    """Let this pool manager open no connections but those of this module."""
    manager.pool_classes_by_scheme = {"http": _Pool, "https": TLSPool}


class InTimeAdapter(HTTPAdapter):
    """For a session of requests."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        keep_in_time(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> urllib3.ProxyManager:
        manager: urllib3.ProxyManager = super().proxy_manager_for(*args, **kwargs)
        keep_in_time(manager)
        return manager


class _Session(requests.Session):
    """For libraries that ask by themselves, and would not open a block."""

    def __init__(self, *, timeout_seconds: float) -> None:
        super().__init__()
        self._timeout_seconds = timeout_seconds

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        with within(self._timeout_seconds):
            return super().request(*args, **kwargs)


def session(*, connections_per_host: int = 10, timeout_seconds: float = inf) -> requests.Session:
    """A session whose every connection is one of this module's; `timeout_seconds` is for each request with its redirects."""
    made = _Session(timeout_seconds=timeout_seconds)
    for scheme in ("https://", "http://"):
        made.mount(scheme, InTimeAdapter(pool_maxsize=connections_per_host))
    return made
