"""A heartbeat for an external monitor, such as healthchecks.io, which alerts when pings stop."""

import requests

from deployments.clients.deadline import within
from deployments.clients.timely_http import session

TIMEOUT_SECONDS = 5


class UnableToPing(Exception):
    """The watchman's address did not answer, or with an error."""


def ping(url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
    """Call `url` once, by GET. Raises UnableToPing, whose sentence leaves the address out: it may be a secret."""
    try:
        with (
            within(timeout_seconds),
            session() as asking,
            asking.get(url, timeout=timeout_seconds, stream=True) as answer,
        ):
            status = answer.status_code
    except (requests.RequestException, ValueError) as error:
        raise UnableToPing(f"PING_URL does not answer: {type(error).__name__}") from error
    if status >= requests.codes.bad_request:
        raise UnableToPing(f"PING_URL answers {status}. Check that it is still correct.")
