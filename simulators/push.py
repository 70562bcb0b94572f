"""A push service and a browser on loopback: the browser's keys decrypt what the service received (RFC 8291)."""

import json
import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
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
_STATUSES = {"BadWebPushTopic": 400, "BadJwtToken": 403}
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
_CONTACT = re.compile(r"mailto:[^@]+@(?!localhost$).+|https://(?!localhost$)[^/:]+")


def refusal_of(headers: dict[str, str]) -> str:
    """Apple's reason for not taking a request; empty where it takes it.

    https://developer.apple.com/documentation/usernotifications/sending-web-push-notifications-in-web-apps-and-browsers
    """
    topic = headers.get("topic", "AAAA")
    if not _TOPIC.fullmatch(topic) or len(topic) % 4 == 1:
        return "BadWebPushTopic"
    claims = headers["authorization"].removeprefix("vapid t=").split(".")[1]
    subject = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
    return "" if _CONTACT.fullmatch(subject) else "BadJwtToken"


@dataclass
class DemoPush:
    """One browser's subscription; `status` is what the service answers from now on."""

    url: str
    ca_file: str
    status: int = CREATED
    reason: str = ""
    """What the service says beside the status."""
    location: str = ""
    answers: list[int] = field(default_factory=list)
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
            headers = {name.lower(): value for name, value in self.headers.items()}
            push.headers.append(headers)
            reason = refusal_of(headers) or push.reason
            answer = json.dumps({"reason": reason}).encode() if reason else b""
            push.answers.append(_STATUSES.get(reason, push.status))
            self.send_response(push.answers[-1])
            if push.location:
                self.send_header("Location", push.location)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

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
