"""Where a site can go back to, and whether it may do so automatically."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from deployments.rules.images import UnableToParseImage, parse_image


@dataclass(frozen=True, kw_only=True)
class Past:
    """One Deploy of a site, as far as going back is concerned."""

    sha: str
    image: str
    succeeded: bool
    is_rollback: bool
    is_automatic: bool


def way_back(past: Sequence[Past], *, failed: Past, before: str) -> str:
    """Why a site that failed at `failed` is not rolled back automatically to the commit `before`; empty where it is.

    `past` are its earlier Deploys, newest first.
    """
    if failed.is_rollback:
        return "A rollback is not rolled back automatically. Choose what to deploy next."
    if not before:
        return "What ran before is not known, so nothing was rolled back. Choose what to deploy next."
    if before == failed.sha:
        return "The same commit ran before, so nothing was rolled back. Choose what to deploy next."
    if _last_was_automatic(past):
        return "The last rollback was automatic, and nothing has succeeded since. Choose what to deploy next."
    return ""


def _last_was_automatic(past: Iterable[Past]) -> bool:
    for each in past:
        if each.is_rollback:
            return each.is_automatic
        if each.succeeded:
            return False
    return False


def is_of(image: str, repository: str) -> bool:
    """Whether the image is in that image repository."""
    try:
        return parse_image(image).repository == repository
    except UnableToParseImage:
        return False
