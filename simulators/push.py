"""A push service and a browser on loopback: what the service was handed, the browser's keys decrypt (RFC 8291)."""

import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simulators.cluster.tls import make_tls

CREATED = 201


@dataclass
class DemoPush:
    """One browser's subscription; `status` is what the service answers from now on."""

    url: str
    ca_file: str
    status: int = CREATED
    location: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    _key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    _secret: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def p256dh(self) -> str:
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return urlsafe_b64encode(point).decode().rstrip("=")

    @property
    def auth(self) -> str:
        return urlsafe_b64encode(self._secret).decode().rstrip("=")

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What the browser reads."""
        return [
            json.loads(http_ece.decrypt(body, private_key=self._key, auth_secret=self._secret))
            for body in self.bodies
        ]


@contextmanager
def demo_push(folder: Path) -> Iterator[DemoPush]:
    """Serve until the block ends; `folder` takes the authority's certificate."""
    authority, context = make_tls()
    ca_file = folder / "push-ca.pem"
    ca_file.write_text(authority)
    push = DemoPush("", str(ca_file))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            push.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            push.headers.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(push.status)
            if push.location:
                self.send_header("Location", push.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    push.url = f"https://127.0.0.1:{server.server_port}/to/one"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="push")
    thread.start()
    try:
        yield push
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
