"""Which sites a hook concerns, and the answer to the sender."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from deployments.rules.hooks.hint import Hint, Image
from deployments.rules.versions import may_be_version

_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class Followed:
    """What one site follows."""

    name: str
    repositories: frozenset[str]
    """`owner/name` in lower case: as it is mapped, and as GitHub last called it."""
    branch: str
    """Empty where the default branch is not known yet."""
    image_repositories: tuple[str, ...]
    is_by_release: bool = False
    tag_pattern: str = ""


@dataclass(frozen=True)
class Understood:
    names: tuple[str, ...]
    message: str
    """Which sites are checked, or why none is: a sentence."""


def understand(hint: Hint, sites: Sequence[Followed]) -> Understood:
    """The sites that a hint concerns. A branch that is not a site's concerns it only by the image that came of it."""
    if hint.ignored:
        return Understood((), hint.ignored)
    if hint.everything:
        return Understood((), "All sites are checked.")
    of_repository = [each for each in sites if _is_of(each, hint.repositories)]
    found = [
        each for each in sites if (each in of_repository and _follows(each, hint)) or _has_image(each, hint)
    ]
    if found:
        names = tuple(sorted(each.name for each in found))
        return Understood(names, f"{_named(names)} {'is' if len(names) == 1 else 'are'} checked.")
    return Understood((), _why_none(hint, of_repository))


def is_late(*, seen: str, sha: str, before: str) -> bool:
    """Whether a pushed commit is not visible yet: GitHub still shows the one before it."""
    if not sha or seen == sha:
        return False
    return seen == before if before else True


def _is_of(site: Followed, repositories: Iterable[str]) -> bool:
    return any(_is_named(site, name) for name in repositories)


def _is_named(site: Followed, name: str) -> bool:
    if "/" in name:
        return name in site.repositories
    # Cloud Build's triggers name a mirrored repository github_owner_name, others its name alone.
    return any(
        name in {full.partition("/")[2], f"github_{full.replace('/', '_')}"} for full in site.repositories
    )


def _follows(site: Followed, hint: Hint) -> bool:
    if hint.tags:
        return site.is_by_release
    if not hint.branches or not site.branch or site.branch in hint.branches:
        return True
    return site.is_by_release and any(
        may_be_version(each, pattern=site.tag_pattern) for each in hint.branches
    )


def _has_image(site: Followed, hint: Hint) -> bool:
    return any(_is_image(place, image) for image in hint.images for place in site.image_repositories)


def _is_image(place: str, image: Image) -> bool:
    registry, _, path = place.partition("/")
    return path == image.path and image.registry in {"", registry}


def _why_none(hint: Hint, of_repository: Sequence[Followed]) -> str:
    if of_repository and hint.tags:
        return f"No site follows the releases of {hint.repositories[0]}."
    if of_repository:
        branches = " or ".join(sorted({each.branch for each in of_repository}))
        return f"No site follows {', '.join(hint.branches)} of {hint.repositories[0]}, only {branches}."
    if hint.images:
        return f"No site's images are in {', '.join(map(str, hint.images[:_NAMED]))}."
    if hint.repositories:
        return f"No site's repository is {' or '.join(hint.repositories)}."
    return "It names no repository and no image."


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
