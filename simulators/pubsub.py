"""A Pub/Sub subscription on loopback: what is published is delivered until it is acknowledged, at least once."""

import base64
import json
import threading
from itertools import count
from typing import Any, Self

from simulators.loopback import LoopbackServer, Request, Response

NAME = "projects/demo/subscriptions/headway"


class DemoPubSub:
    """Speaks the REST API at `url` for the subscription `NAME`; `wait_seconds` is how long a pull waits for something."""

    def __init__(self, *, token: str = "demo", wait_seconds: float = 0.2) -> None:  # noqa: S107  the demo's own
        self.token, self.wait_seconds = token, wait_seconds
        self.fails, self.body = 0, b""
        """A status, and a body, with which it answers whatever it is asked."""
        self.pulls = 0
        self.left: dict[str, dict[str, Any]] = {}
        """Messages that nobody has acknowledged, by their id."""
        self._numbers = count(1)
        self._changed = threading.Condition()
        self._server = LoopbackServer(self._answer)

    @property
    def url(self) -> str:
        return f"http://{self._server.host}"

    def start(self) -> Self:
        self._server.start()
        return self

    def stop(self) -> None:
        self._server.stop()

    def publish(self, data: object) -> str:
        """Return the message's id. Bytes are sent as they are."""
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        with self._changed:
            number = str(next(self._numbers))
            self.left[number] = {
                "messageId": number,
                "data": base64.b64encode(body).decode(),
                "attributes": {},
            }
            self._changed.notify_all()
        return number

    def _answer(self, request: Request) -> Response:
        if self.fails:
            return Response(status=self.fails)
        if self.body:
            return Response(body=self.body)
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return Response(status=401)
        path, _, verb = request.path.partition(":")
        if path != f"/v1/{NAME}":
            return Response(status=404)
        body = json.loads(request.body)
        if verb == "acknowledge":
            with self._changed:
                for each in body["ackIds"]:
                    self.left.pop(each.removeprefix("ack-"), None)
            return _json({})
        return _json(self._pulled(body["maxMessages"])) if verb == "pull" else Response(status=404)

    def _pulled(self, most: int) -> dict[str, Any]:
        with self._changed:
            self.pulls += 1
            if not self.left and not self._server.stopping.is_set():
                self._changed.wait(self.wait_seconds)
            found = [
                {"ackId": f"ack-{number}", "message": message}
                for number, message in list(self.left.items())[:most]
            ]
        return {"receivedMessages": found} if found else {}


def _json(value: object) -> Response:
    return Response(headers={"Content-Type": "application/json"}, body=json.dumps(value).encode())
