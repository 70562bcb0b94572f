"""A session that reaches public addresses only: a browser supplies its endpoint, which may be anything."""

from collections.abc import Collection
from io import BytesIO
from ipaddress import ip_address
from socket import socket
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import PoolManager
from urllib3.exceptions import NewConnectionError

from deployments.clients.timely_http import TLSConnection, TLSPool

READ_BYTES = 4096


def public_session(*, also: Collection[str] = (), ca_file: str | None = None) -> requests.Session:
    """Return a session for https that follows no redirect and, but for the addresses in `also`, connects to no private one.

    The address is checked once the connection is open, and before a byte is sent: DNS cannot change the answer in between.
    """

    class Connection(TLSConnection):
        def _new_conn(self) -> socket:
            sock = super()._new_conn()
            address = sock.getpeername()[0]
            if not ip_address(address).is_global and address not in also:
                sock.close()
                raise NewConnectionError(self, f"{address} is not a public address")
            return sock

    class Pool(TLSPool):
        ConnectionCls = Connection

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            self.poolmanager = PoolManager(*args[:1])
            self.poolmanager.pool_classes_by_scheme = {"https": Pool}

    session = requests.Session()
    session.trust_env = False
    session.max_redirects = 0
    session.verify = ca_file or True
    session.stream = True
    session.hooks["response"].append(_read_the_beginning)
    session.adapters.clear()
    session.mount("https://", Adapter())
    return session


def _read_the_beginning(response: requests.Response, **_: Any) -> None:
    """Keep what a refusal says, up to 4 KiB of it, and nothing else of an answer: it may have no end."""
    raw = response.raw
    response.raw = BytesIO(b"" if response.ok else raw.read(READ_BYTES, decode_content=True))
    raw.close()
