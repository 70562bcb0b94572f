"""The web server's worker on narrow lines, where an answer waits for its reader at once; and one whose patience ends soon."""

import socket

from dashboard.gunicorn_worker import Worker


class Narrow(Worker):
    def init_process(self) -> None:
        for listener in self.sockets:
            # Connections inherit it.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        super().init_process()


class Impatient(Narrow):
    head_seconds, request_seconds, answer_seconds = 0.5, 1.5, 0.5
