"""Pulling from a Pub/Sub subscription by REST: https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from deployments.clients.deadline import TooLate, in_time, within
from deployments.clients.timely_http import session

_SCOPE = "https://www.googleapis.com/auth/pubsub"
_AT_ONCE = 100
_MOST_BYTES = 32 * 1024 * 1024
_TIMEOUT_SECONDS = 10


class UnableToPull(Exception):
    """The sentence says what to do."""


@dataclass(frozen=True)
class Pulled:
    """One message; `data` is base64 as it came, or None."""

    ack_id: str
    message_id: str
    data: Any


def _object(body: bytes) -> dict[str, Any]:
    """Raises ValueError, RecursionError."""
    value = json.loads(body)
    if not isinstance(value, dict):
        raise ValueError("No JSON object")  # noqa: TRY004  the sender's mistake, not the caller's
    return value


class Subscription:
    """One subscription, asked with the worker's default credentials of Google's. google-auth is imported when first used."""

    def __init__(
        self, name: str, *, url: str = "https://pubsub.googleapis.com", credentials: Any = None
    ) -> None:
        self._base = f"{url.rstrip('/')}/v1/{name}"
        self._name = name
        self._credentials = credentials
        self._session = session()

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def pull(self, *, wait_seconds: float) -> list[Pulled]:
        """What is there, or arrives within `wait_seconds`; the server may end the wait earlier. Raises UnableToPull."""
        try:
            answer = self._ask("pull", {"maxMessages": _AT_ONCE}, seconds=wait_seconds)
        except requests.Timeout:
            return []
        received = answer.get("receivedMessages")
        return [found for each in received or [] if (found := _pulled(each))]

    def acknowledge(self, ack_ids: Sequence[str]) -> None:
        """Never to be sent these again. Raises UnableToPull."""
        if not ack_ids:
            return
        try:
            self._ask("acknowledge", {"ackIds": list(ack_ids)}, seconds=_TIMEOUT_SECONDS)
        except requests.Timeout as error:
            raise UnableToPull("Pub/Sub did not answer in time.") from error

    def _ask(self, verb: str, body: dict[str, Any], *, seconds: float) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token()}"}
        try:
            with (
                within(seconds),
                self._session.post(
                    f"{self._base}:{verb}",
                    json=body,
                    headers=headers,
                    timeout=seconds,
                    stream=True,
                    allow_redirects=False,
                ) as answer,
            ):
                status = answer.status_code
                value = answer.raw.read(_MOST_BYTES, decode_content=True)
            if status != requests.codes.ok:
                raise UnableToPull(_refusal(self._name, status))
            return _object(value)
        except requests.Timeout:
            raise
        except ReadTimeoutError as error:
            # Of the body, which requests does not know.
            raise requests.ReadTimeout from error
        except (requests.RequestException, HTTPError, ValueError, TypeError, RecursionError) as error:
            raise UnableToPull(f"Pub/Sub cannot be asked: {type(error).__name__}.") from error

    def _token(self) -> str:
        from google.auth.exceptions import GoogleAuthError

        try:
            with within(_TIMEOUT_SECONDS):
                return str(in_time(self._refreshed).token)
        except (GoogleAuthError, TooLate, KeyError, TypeError, ValueError) as error:
            raise UnableToPull(
                "Google's credentials cannot be used for PUBSUB_SUBSCRIPTION. Give the worker an account that may pull from it."
            ) from error

    def _refreshed(self) -> Any:
        from google.auth import default
        from google.auth.transport.requests import Request

        with session(timeout_seconds=_TIMEOUT_SECONDS) as asking:
            if self._credentials is None:
                self._credentials, _ = default(scopes=[_SCOPE], request=Request(asking))
            if not self._credentials.valid:
                self._credentials.refresh(Request(asking))
        return self._credentials


def _pulled(received: Any) -> Pulled | None:
    try:
        message = received["message"]
        return Pulled(str(received["ackId"]), str(message.get("messageId", "")), message.get("data"))
    except (AttributeError, KeyError, TypeError):
        return None


def _refusal(name: str, status: int) -> str:
    if status in {requests.codes.unauthorized, requests.codes.forbidden}:
        return f"The worker's account may not pull from {name}. Give it roles/pubsub.subscriber there."
    if status == requests.codes.not_found:
        return f"There is no subscription {name}. Correct PUBSUB_SUBSCRIPTION."
    return f"Pub/Sub answers HTTP {status} for {name}."
