"""What a hook hints at, through any door."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from deployments.rules.images import UnableToParseImage, is_full_sha, parse_image
from deployments.rules.wording import printable

LONGEST_TEXT = 300
_NO_COMMIT = "0" * 40
"""What git writes for a ref before it was made and after it was deleted."""


class Door(StrEnum):
    GITHUB = "github"
    ACTIONS = "actions"
    GOOGLE = "google"
    IMAGE = "image"


class UnreadableHook(ValueError):
    """The sentence says what was expected instead."""


@dataclass(frozen=True)
class Image:
    """An image repository; `registry` is empty where the sender does not say by which name the cluster pulls it."""

    path: str
    registry: str = ""

    def __str__(self) -> str:
        return f"{self.registry}/{self.path}" if self.registry else self.path


@dataclass(frozen=True, kw_only=True)
class Hint:
    event: str
    """The sender's word, like `push`."""
    summary: str
    """What happened, for a person: without a full stop."""
    repositories: tuple[str, ...] = ()
    """`owner/name` in lower case, or a name alone where the sender does not say whose."""
    branches: tuple[str, ...] = ()
    """Empty where it may be any. Of CI it may be a tag's name, which GitHub does not tell apart."""
    tags: tuple[str, ...] = ()
    """Tags of git that were pushed or released: of use to sites by release alone."""
    sha: str = ""
    before: str = ""
    """The commit that the branch had before a push; empty where it is new, or is not known."""
    images: tuple[Image, ...] = ()
    everything: bool = False
    ignored: str = ""
    """Why there is nothing to do, whatever the sites are; a sentence."""

    @property
    def is_push(self) -> bool:
        """Whether a branch or a tag has a new commit, which GitHub's API may not show yet."""
        return self.event == "push" and bool(self.sha)


def text(value: Any) -> str:
    """The value where it is a text that can be shown; else empty."""
    return printable(value)[:LONGEST_TEXT] if isinstance(value, str) else ""


def text_at(payload: Any, *keys: str) -> str:
    """The text below these keys; empty where there is none."""
    return text(value_at(payload, *keys))


def value_at(payload: Any, *keys: str) -> Any:
    for key in keys:
        if not isinstance(payload, Mapping):
            return None
        payload = payload.get(key)
    return payload


def items_at(payload: Any, *keys: str) -> list[Any]:
    """The list below these keys; empty where there is none."""
    found = value_at(payload, *keys)
    return found if isinstance(found, list) else []


def commit(value: Any) -> str:
    """A whole commit; empty for anything else, and for the zeros that mean none."""
    given = text(value).lower()
    return given if is_full_sha(given) and given != _NO_COMMIT else ""


def branch_of(ref: str) -> str:
    """The branch that `refs/heads/…` names; empty for a tag, a pull request, or anything else."""
    return ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else ""


def tag_of(ref: str) -> str:
    """The tag that `refs/tags/…` names; empty for anything else."""
    return ref.removeprefix("refs/tags/") if ref.startswith("refs/tags/") else ""


def repository(name: str) -> tuple[str, ...]:
    return (name.lower(),) if name else ()


def images(names: Iterable[str], *, knows_registry: bool = True) -> tuple[Image, ...]:
    """The image repositories that these names are in, each once; invalid names are left out."""
    found: dict[Image, None] = {}
    for name in names:
        try:
            read = parse_image(name)
        except UnableToParseImage:
            continue
        found[Image(read.path, read.registry if knows_registry else "")] = None
    return tuple(found)
