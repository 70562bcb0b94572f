"""What an error answer means, in a sentence for a person."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from deployments.clients.registry.errors import (
    RegistryError,
    RegistryRateLimited,
    RegistryRefused,
    RegistryUnavailable,
)
from deployments.clients.registry.transport import Reply
from deployments.rules.times import LONGEST_WAIT, bounded, parse_wait

_LONGEST_MESSAGE = 300


@dataclass(frozen=True)
class Complaint:
    """A registry's own account of an error; empty where it gave none."""

    codes: frozenset[str]
    answer_text: str


def complaint_in(reply: Reply) -> Complaint:
    """Of `{"errors": [{"code", "message"}]}` (OCI distribution-spec), or what token servers send: `message`, `details`."""
    try:
        content = json.loads(reply.body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        return Complaint(frozenset(), "")
    listed = content.get("errors")
    errors = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    codes = frozenset(str(one["code"]) for one in errors if one.get("code"))
    return Complaint(codes, _shorten("; ".join(map(_spell, errors)) or _plain(content)))


def error_for(reply: Reply, *, host: str, path: str, has_credentials: bool) -> RegistryError:
    """The error for a status of 400 and above."""
    answer_text = complaint_in(reply).answer_text
    status = reply.status
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        seconds = _retry_after_seconds(reply.headers)
        when = "" if seconds is None else f" It wants {seconds:g} seconds of rest."
        message = f"{host} was asked too often. Wait, or give Headway credentials with a higher limit.{when}"
        return RegistryRateLimited(message, answer_text=answer_text, retry_after_seconds=seconds)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        message = f"{host} fails ({_status_text(reply)}): it is asked again at the next sync."
        return RegistryUnavailable(message, answer_text=answer_text)
    if "expired" in answer_text.lower():
        # Amazon's registry says so with 403, which otherwise is about permissions.
        message = f"Our credentials for {host} have expired. Renew its entry in the docker config file."
        return RegistryRefused(message, answer_text=answer_text)
    return RegistryRefused(
        _refusal(reply, host, path, has_credentials=has_credentials), answer_text=answer_text
    )


def _refusal(reply: Reply, host: str, path: str, *, has_credentials: bool) -> str:
    if reply.status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return (
            f"{host} does not take our question for {path} ({_status_text(reply)}). Check the image's name."
        )
    if not has_credentials:
        return f"{host} does not show {path} to everyone. Check the name, or add credentials for {host} to the docker config file."
    if reply.status == HTTPStatus.UNAUTHORIZED:
        return (
            f"{host} does not accept our credentials for {path}. Renew its entry in the docker config file."
        )
    return f"{host} does not let our account read {path}. Give it the right to pull."


def _status_text(reply: Reply) -> str:
    return f"{reply.status} {_shorten(reply.reason)}".strip()


def _spell(error: Mapping[str, Any]) -> str:
    return ": ".join(str(error[key]) for key in ("code", "message") if error.get(key))


def _plain(content: Mapping[str, Any]) -> str:
    names = ("message", "details", "error_description", "error")
    return next((content[name] for name in names if isinstance(content.get(name), str)), "")


def _shorten(text: str) -> str:
    flat = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return flat if len(flat) <= _LONGEST_MESSAGE else f"{flat[: _LONGEST_MESSAGE - 1]}…"


def _retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Of Retry-After, in seconds or as a date (RFC 9110 §10.2.3)."""
    value = headers.get("Retry-After", "").strip()
    if (wait := parse_wait(value)) is not None:
        return wait.total_seconds()
    try:
        time = bounded(parsedate_to_datetime(value))
    except (ValueError, OverflowError):
        return None
    wait = time - datetime.now(UTC) if time else None
    return max(0.0, round(wait.total_seconds())) if wait is not None and wait <= LONGEST_WAIT else None
