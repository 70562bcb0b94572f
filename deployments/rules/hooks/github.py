"""GitHub's webhooks: https://docs.github.com/en/webhooks/webhook-events-and-payloads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from deployments.rules.hooks.hint import (
    Hint,
    branch_of,
    commit,
    images,
    items_at,
    repository,
    tag_of,
    text_at,
    value_at,
)
from deployments.rules.wording import short

_VERSION = "package_version"
_FORK = "It is a fork's."


@dataclass(frozen=True)
class _Payload:
    value: Any

    def text(self, path: str) -> str:
        return text_at(self.value, *path.split("."))

    @property
    def repository(self) -> str:
        return self.text("repository.full_name")


def hint_of(event: str, payload: Any) -> Hint:
    """What GitHub's event hints at; of one that has nothing to say to us, why."""
    read = _READERS.get(event)
    if read is None:
        return Hint(event=event, summary=f"{event} event", ignored=f"Headway does not use {event} events.")
    return read(event, _Payload(payload))


def _push(event: str, payload: _Payload) -> Hint:
    ref, sha = payload.text("ref"), commit(payload.text("after"))
    branch, is_deleted = branch_of(ref), value_at(payload.value, "deleted") is True
    if tag := tag_of(ref):
        return Hint(
            event=event,
            summary=f"Push to {payload.repository}: tag {tag}",
            repositories=repository(payload.repository),
            tags=(tag,),
            # What a tag leads to first may be a tag object.
            sha="" if is_deleted else commit(payload.text("head_commit.id")),
        )
    if not branch:
        summary = f"Push to {ref or 'no ref'} of {payload.repository}"
        return Hint(event=event, summary=summary, ignored="It is not a branch, and sites follow branches.")
    what = "Deleted" if is_deleted or not sha else f"{short(sha)} on"
    return Hint(
        event=event,
        summary=f"Push to {payload.repository}: {what} {branch}",
        repositories=repository(payload.repository),
        branches=(branch,),
        sha=sha,
        before=commit(payload.text("before")),
    )


def _run(event: str, payload: _Payload) -> Hint:
    """A check suite or a workflow's run: of use when it is over."""
    branch, sha = payload.text(f"{event}.head_branch"), commit(payload.text(f"{event}.head_sha"))
    action, conclusion = payload.text("action"), payload.text(f"{event}.conclusion")
    head = payload.text(f"{event}.head_repository.full_name")
    ignored = "" if action == "completed" else "CI is not over yet."
    if head and head.lower() != payload.repository.lower():
        ignored = _FORK
    return Hint(
        event=event,
        summary=f"CI of {payload.repository}: {conclusion or action or 'unknown'} for {short(sha) or 'no commit'}",
        repositories=repository(payload.repository),
        branches=(branch,) if branch else (),
        sha=sha,
        ignored=ignored,
    )


def _status(event: str, payload: _Payload) -> Hint:
    state, sha = payload.text("state"), commit(payload.text("sha"))
    name = payload.repository or payload.text("name")
    return Hint(
        event=event,
        summary=f"CI of {name}: {state or 'unknown'} for {short(sha) or 'no commit'}",
        repositories=repository(name),
        branches=tuple(filter(None, (text_at(each, "name") for each in items_at(payload.value, "branches")))),
        sha=sha,
        ignored="CI is not over yet." if state == "pending" else "",
    )


def _package(event: str, payload: _Payload) -> Hint:
    version = f"{event}.{_VERSION}"
    url, tag = payload.text(f"{version}.package_url"), payload.text(f"{version}.container_metadata.tag.name")
    # Of an image for several processors each part is published, too, with a name but without a tag.
    name = url.removesuffix(":") or payload.text(f"{event}.name")
    return Hint(
        event=event,
        summary=f"Package {url.rstrip(':') or name} of {payload.repository}",
        repositories=repository(payload.repository),
        images=images([name.lower()]) if url else (),
        ignored="" if tag or not url else "It has no tag: the whole image comes with one.",
    )


def _release(event: str, payload: _Payload) -> Hint:
    """Its tag may have been pushed long before."""
    tag, is_draft = payload.text("release.tag_name"), value_at(payload.value, "release", "draft") is True
    return Hint(
        event=event,
        summary=f"Release {tag or 'without a tag'} of {payload.repository} {payload.text('action')}",
        repositories=repository(payload.repository),
        tags=(tag,),
        ignored="It is a draft." if is_draft else "",
    )


def _repository(event: str, payload: _Payload) -> Hint:
    full_name, action = payload.repository, payload.text("action")
    owner, _, name = full_name.partition("/")
    old_name = payload.text("changes.repository.name.from") or name
    old_owner = (
        payload.text("changes.owner.from.user.login")
        or payload.text("changes.owner.from.organization.login")
        or owner
    )
    both = dict.fromkeys(repository(full_name) + repository(f"{old_owner}/{old_name}"))
    return Hint(event=event, summary=f"Repository {full_name} {action}", repositories=tuple(both))


def _ping(event: str, payload: _Payload) -> Hint:
    return Hint(
        event=event,
        summary=f"Ping of {payload.repository or 'an organization'}",
        ignored="The secret matches. GitHub sends its events here from now on.",
    )


_READERS: dict[str, Callable[[str, _Payload], Hint]] = {
    "push": _push,
    "check_suite": _run,
    "workflow_run": _run,
    "status": _status,
    "package": _package,
    "registry_package": _package,
    "release": _release,
    "repository": _repository,
    "ping": _ping,
}
EVENTS = tuple(sorted(set(_READERS) - {"ping"}))
"""What a webhook should be subscribed to."""
