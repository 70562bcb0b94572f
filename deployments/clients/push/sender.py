"""Handing one notification to one browser's push service."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

import requests
import urllib3

from deployments.clients.deadline import within
from deployments.clients.push.errors import PushError, PushGone, PushRefused, PushTimedOut, PushUnavailable
from deployments.clients.push.session import public_session

TIMEOUT_SECONDS = 10
KEEP_SECONDS = 6 * 3600
LARGEST_PAYLOAD = 3000
_GONE = frozenset({404, 410})
_LATER = frozenset({408, 429})


@dataclass(frozen=True, kw_only=True)
class Browser:
    """A subscription as PushSubscription.toJSON() gives it."""

    endpoint: str
    p256dh: str
    auth: str


class Sender:
    """Sends, signed with our VAPID key, each within the timeout. `also` and `ca_file`: see public_session."""

    def __init__(
        self,
        *,
        private_key: str,
        subject: str,
        also: Collection[str] = (),
        ca_file: str | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self.timeout_seconds = timeout_seconds
        self._private_key, self._subject = private_key, subject
        self._session = public_session(also=also, ca_file=ca_file)

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, browser: Browser, message: Mapping[str, Any], *, topic: str = "") -> None:
        """Hand it over, encrypted for this browser; a newer one of the same topic (up to 32 characters) takes its place.

        Raises PushGone, PushRefused, PushTimedOut or PushUnavailable.
        """
        data = json.dumps(message)
        if len(data.encode()) > LARGEST_PAYLOAD:
            raise PushRefused(f"{len(data)} characters are more than a push service takes.")
        try:
            with within(self.timeout_seconds):
                self._post(browser, data, topic=topic)
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise PushTimedOut(f"No answer within {self.timeout_seconds:g} seconds: {error}") from error
        except (requests.exceptions.InvalidSchema, requests.exceptions.TooManyRedirects) as error:
            raise PushRefused(f"Only an https address without redirects is used: {error}") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise PushUnavailable(str(error)) from error
        except (ValueError, TypeError) as error:
            raise PushRefused(f"This subscription's keys cannot be read: {error}") from error

    def _post(self, browser: Browser, data: str, *, topic: str) -> None:
        from pywebpush import WebPushException, webpush

        try:
            webpush(
                {"endpoint": browser.endpoint, "keys": {"p256dh": browser.p256dh, "auth": browser.auth}},
                data,
                vapid_private_key=self._private_key,
                vapid_claims={"sub": self._subject},
                ttl=KEEP_SECONDS,
                timeout=self.timeout_seconds,
                headers={"Urgency": "high"} | ({"Topic": topic} if topic else {}),
                requests_session=self._session,
            )
        except WebPushException as error:
            raise _judged(error.response, str(error)) from error


def _judged(response: requests.Response | None, message: str) -> PushError:
    status = response.status_code if response is not None else 0
    if status in _GONE:
        return PushGone(message)
    if status in _LATER or status >= 500:  # noqa: PLR2004  RFC 9110, 15.6: the server's own errors
        return PushUnavailable(message)
    return PushRefused(message)
