"""A door in front of a server: shut as when the server is stopped, held as when it hangs, open again on the same port."""

import contextlib
import socket
import threading
from typing import Self

from tests.processes import free_port

_CHUNK = 64 * 1024
_RETRY_SECONDS = 0.1


class Gate:
    """Passes every byte between its own port and `target_port` on 127.0.0.1 while it is open."""

    def __init__(self) -> None:
        # Nobody else may come by it while the gate is shut.
        self.port = free_port()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self.target_port = 0
        self._open = threading.Event()
        self._open.set()
        self._over = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._accepting: threading.Thread | None = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._accept_in_a_thread()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._open.set()
        self.shut()

    def shut(self) -> None:
        """Refuse new connections, and break those that are there."""
        self._listener.close()
        for each in list(self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        if self._accepting is not None:
            self._accepting.join()

    def reopen(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self._accept_in_a_thread()

    def hold(self) -> None:
        """Take connections and requests, and pass nothing on, either way."""
        self._open.clear()

    def release(self) -> None:
        """Pass on what has come meanwhile: a request may take effect long after its sender gave up."""
        self._open.set()

    def _accept_in_a_thread(self) -> None:
        self._listener.settimeout(_RETRY_SECONDS)
        self._accepting = threading.Thread(target=self._accept, name="gate", daemon=True)
        self._accepting.start()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            client.settimeout(None)
            threading.Thread(target=self._lead, args=(client,), name="gate", daemon=True).start()

    def _lead(self, client: socket.socket) -> None:
        self._open.wait()
        with contextlib.ExitStack() as stack:
            try:
                server = socket.create_connection(("127.0.0.1", self.target_port))
            except OSError:
                client.close()
                return
            for each in (client, server):
                self._sockets.add(each)
                stack.callback(self._sockets.discard, each)
                stack.callback(each.close)
            back = threading.Thread(target=self._pass, args=(server, client), name="gate", daemon=True)
            back.start()
            self._pass(client, server)
            back.join()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(_CHUNK):
                self._open.wait()
                target.sendall(chunk)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
