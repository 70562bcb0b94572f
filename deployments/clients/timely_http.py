"""Connections on which a call ends at its deadline (deployments/clients/deadline.py), for requests, urllib3 and all that is built on them."""

import io
import socket
from http.client import HTTPResponse
from math import inf
from time import monotonic
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, ReadTimeoutError

from deployments.clients.deadline import TooLate, in_time, seconds_left, within

_PIECE_BYTES = 64 * 1024


class _Bounded(io.RawIOBase):
    """The bytes of a connection until the moment that is the answer's end."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket) -> None:
        self._raw, self._socket = raw, connection
        self._idle = connection.gettimeout() or inf
        left = seconds_left()
        self._ends_at = monotonic() + (self._idle if left == inf else left)

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
                raise _not_taken()
            if self.sock is not None and left < inf:
                self.sock.settimeout(left)
            try:
                super().send(piece)  # type: ignore[misc]
            except TimeoutError as error:
                raise _not_taken() from error


def _not_taken() -> ReadTimeoutError:
    return ReadTimeoutError(None, None, "The request was not taken in time.")  # type: ignore[arg-type]


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
    """For libraries that send requests themselves and would not open a block."""

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
