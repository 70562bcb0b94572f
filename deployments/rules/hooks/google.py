"""What Google sends by Pub/Sub: images, builds, and a schedule's request for a sync.

The envelope: https://cloud.google.com/pubsub/docs/push; `gcr`: https://cloud.google.com/artifact-registry/docs/configure-notifications;
`cloud-builds`: https://cloud.google.com/build/docs/subscribe-build-notifications.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from deployments.rules.hooks.hint import (
    Hint,
    branch_of,
    commit,
    images,
    items_at,
    repository,
    text_at,
    value_at,
)
from deployments.rules.wording import short

_OVER = {"SUCCESS", "FAILURE", "INTERNAL_ERROR", "TIMEOUT", "CANCELLED", "EXPIRED"}
_JUNK = "This is no image, no build and no request for a sync. It is acknowledged, so that it does not come again."


@dataclass(frozen=True)
class Message:
    """`id` is empty where the body was sent without its envelope."""

    id: str
    data: Any
    """JSON, or None where it is invalid."""


def message_in(body: Any) -> Message:
    """What Pub/Sub delivers, wrapped in its envelope or not."""
    envelope = value_at(body, "message")
    if not isinstance(envelope, dict):
        return Message("", body)
    id_ = text_at(envelope, "messageId") or text_at(envelope, "message_id")
    return Message(id_, decoded(value_at(envelope, "data")))


def decoded(data: Any) -> Any:
    """A message's data as JSON; None where it is invalid."""
    try:
        return json.loads(base64.b64decode(data, validate=True))
    except (TypeError, ValueError, binascii.Error, RecursionError):
        return None


def hint_of(data: Any) -> Hint:
    """What a message hints at; of junk, that it is some."""
    if text_at(data, "job") == "sync":
        return Hint(event="schedule", summary="A sync of all sites", everything=True)
    if text_at(data, "action") and (text_at(data, "tag") or text_at(data, "digest")):
        return _image(data)
    if text_at(data, "status") and text_at(data, "id"):
        return _build(data)
    return Hint(event="unknown", summary="Unknown message", ignored=_JUNK)


def _image(data: Any) -> Hint:
    action, tag, digest = (text_at(data, key) for key in ("action", "tag", "digest"))
    if action != "INSERT":
        ignored = "Nothing was pushed."
    else:
        ignored = "" if tag else "It has no tag: the image comes with one."
    return Hint(
        event="gcr", summary=f"Image {tag or digest}", images=images([tag] if tag else []), ignored=ignored
    )


def _build(data: Any) -> Hint:
    """`images:` of the build, what it pushed, and what it was built from."""
    status, given = text_at(data, "status"), value_at(data, "substitutions")
    sha = commit(text_at(given, "COMMIT_SHA")) or _revision(data)
    named = [text_at(each, "name") for each in items_at(data, "results", "images")]
    named += [each for each in items_at(data, "images") if isinstance(each, str)]
    source = text_at(given, "REPO_FULL_NAME") or text_at(given, "REPO_NAME")
    branch = branch_of(text_at(given, "REF_NAME")) or text_at(given, "BRANCH_NAME")
    return Hint(
        event="cloud-builds",
        summary=f"Build {status} of {source or ', '.join(named)[:100] or 'an unnamed source'}{f' at {short(sha)}' if sha else ''}",
        repositories=repository(source),
        branches=(branch,) if branch else (),
        sha=sha,
        images=images(named),
        ignored="" if status in _OVER else "The build is not over yet.",
    )


def _revision(data: Any) -> str:
    source = value_at(data, "sourceProvenance")
    return commit(text_at(source, "resolvedGitSource", "revision")) or commit(
        text_at(source, "resolvedRepoSource", "commitSha")
    )
