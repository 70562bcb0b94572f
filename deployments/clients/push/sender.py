"""Sending one notification to one browser's push service."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

import requests
import urllib3

from deployments.clients.deadline import within
from deployments.clients.push.errors import (
    PushError,
    PushGone,
    PushRefused,
    PushTimedOut,
    PushUnavailable,
    SenderAtFault,
)
from deployments.clients.push.keys import UnableToSign, contact_of, signer
from deployments.clients.push.session import public_session
from deployments.rules.wording import printable

TIMEOUT_SECONDS = 10
KEEP_SECONDS = 6 * 3600
LARGEST_PAYLOAD = 3000
LONGEST_ANSWER = 200
_GONE = frozenset({404, 410})
_OURS = frozenset({400, 401, 403, 413, 429})
"""A message or signature that is not accepted, and too many of them: RFC 8030, 7.2 and 8.4; RFC 8292, 4.2."""
_LATER = 408


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
        self._private_key, self._subject = private_key, contact_of(subject)
        self._session = public_session(also=also, ca_file=ca_file)

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, browser: Browser, message: Mapping[str, Any], *, topic: str = "") -> None:
        """Hand it over, encrypted for this browser; a newer one of the same topic, any text, takes its place.

        Raises PushGone, PushRefused, PushTimedOut or PushUnavailable, and SenderAtFault where no browser would get it.
        """
        data = json.dumps(message)
        if len(data.encode()) > LARGEST_PAYLOAD:
            raise SenderAtFault(f"{len(data)} characters are more than a push service takes.")
        try:
            with within(self.timeout_seconds):
                self._post(browser, data, topic=topic)
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise PushTimedOut(f"No answer within {self.timeout_seconds:g} seconds: {error}") from error
        except (requests.exceptions.InvalidSchema, requests.exceptions.TooManyRedirects) as error:
            raise PushRefused(f"Only an https address without redirects is used: {error}") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise PushUnavailable(str(error)) from error
        except (ValueError, TypeError, LookupError) as error:
            raise PushRefused(f"This subscription's keys cannot be read: {error}") from error

    def _post(self, browser: Browser, data: str, *, topic: str) -> None:
        from py_vapid import VapidException
        from pywebpush import WebPushException, webpush

        try:
            webpush(
                {"endpoint": browser.endpoint, "keys": {"p256dh": browser.p256dh, "auth": browser.auth}},
                data,
                vapid_private_key=signer(private=self._private_key, subject=self._subject),
                vapid_claims={"sub": self._subject},
                ttl=KEEP_SECONDS,
                timeout=self.timeout_seconds,
                headers={"Urgency": "high"} | ({"Topic": _topic(topic)} if topic else {}),
                requests_session=self._session,
            )
        except UnableToSign as error:
            raise SenderAtFault(str(error)) from error
        except VapidException as error:
            raise PushRefused(f"This subscription's address cannot be signed for: {error}") from error
        except WebPushException as error:
            raise _judged(error.response, str(error)) from error


def _topic(name: str) -> str:
    """At most 32 characters of base64url (RFC 8030, 5.4). Apple decodes them, so their number must not be 1 mod 4."""
    return urlsafe_b64encode(sha256(name.encode()).digest()[:24]).decode()


def _judged(response: requests.Response | None, message: str) -> PushError:
    if response is None:
        return PushRefused(message)
    status, answer = response.status_code, " ".join(printable(response.text).split())[:LONGEST_ANSWER]
    message = f"{status} {response.reason}{': ' if answer else ''}{answer}"
    if status in _GONE:
        return PushGone(message)
    if status in _OURS:
        return SenderAtFault(message)
    if status == _LATER or status >= 500:  # noqa: PLR2004  RFC 9110, 15.6: the server's own errors
        return PushUnavailable(message)
    return PushRefused(message)
