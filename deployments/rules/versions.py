"""Sites by release: which version is the newest, how its image is tagged, and which Git tags an image may be from.

Versions are compared as https://semver.org/#spec-item-11 has them, with any number of parts, so that dates are versions too.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from deployments.rules.wording import short

_NOT_IN_A_TAG = re.compile(r"[^\w.-]+", re.ASCII)
_LONGEST_TAG = 128
_NUMBER = re.compile(r"(?:^|[/@_-])v?(\d+(?:\.\d+)*(?:[-+._][^/@]*)?)\Z", re.IGNORECASE | re.DOTALL)
_PARTS = re.compile(r"(\d+(?:\.\d+)*)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?", re.DOTALL)
_Key = tuple[tuple[int, ...], bool, tuple[tuple[bool, int, str], ...]]


@dataclass(frozen=True, kw_only=True)
class Version:
    """A tag of git, or a release with its tag; `sha` is its commit, whatever tag object lies between."""

    name: str
    sha: str
    is_prerelease: bool = False


def number_of(name: str) -> str:
    """The version alone: `1.4.2` of v1.4.2, api/v1.4.2 and @scope/app@1.4.2; the whole name where it has none."""
    found = _NUMBER.search(name)
    return found[1] if found else name


def as_image_tag(name: str) -> str:
    """A version as an image's tag can hold it: what it cannot, such as “+” and “/”, becomes a hyphen, as in docker/metadata-action."""
    return _NOT_IN_A_TAG.sub("-", name).lstrip("-.")[:_LONGEST_TAG]


def newest(versions: Sequence[Version], *, pattern: str = "", prereleases: bool = False) -> Version | None:
    """The one to run, of those that GitHub lists newest first; None where none fits.

    The highest version counts, since a fix of an old line comes later than the newest line; where the latest has no number, the latest.
    """
    fitting = [
        each
        for each in versions
        if (not pattern or fnmatchcase(each.name, pattern)) and (prereleases or not _is_prerelease(each))
    ]
    if not fitting or _key(fitting[0]) is None:
        return fitting[0] if fitting else None
    numbered = [(key, each) for each in fitting if (key := _key(each)) is not None]
    highest = max(key for key, _ in numbered)
    return next(each for key, each in numbered if key == highest)


def git_tags(image_tag: str, *, is_number: bool, pattern: str) -> tuple[str, ...]:
    """What Git may call the version in an image's tag, the likeliest first.

    `is_number` where images are tagged with the version alone, and git's tags have a `v`, or what the pattern begins with, before it.
    """
    before = _literal(pattern)
    named: tuple[str, ...]
    if is_number:
        named = (f"{before}{image_tag}" if before else "", f"v{image_tag}", image_tag)
    else:
        spelt = as_image_tag(before)
        is_spelt = before != spelt and image_tag.startswith(spelt)
        named = (before + image_tag.removeprefix(spelt) if is_spelt else "", image_tag)
    return tuple(dict.fromkeys(filter(None, named)))


def search_for(pattern: str) -> str:
    """What GitHub is asked to find in tags' names, before the pattern is applied; empty: any."""
    return _literal(pattern)


def looks_like_a_version(image_tag: str) -> bool:
    """Whether an image's tag is a whole version, and no tag that moves like `1` or `v2`."""
    return re.fullmatch(r"v?\d+\.\d+(\.\d+)*([-+._].*)?", image_tag) is not None


def moved(name: str, *, before: str, now: str) -> str:
    """That a version means another commit than it did."""
    return (
        f"GitHub's tag {name} was moved from {short(before)} to {short(now)}, and which of the two its image was built from is not known. "
        "Publish a new version"
    )


def no_tag(image_tag: str, tags: Iterable[str], *, slug: str) -> str:
    """Why an image's version names no commit, without a full stop."""
    return (
        f"its image is tagged {image_tag[:60]}, and {slug} has no tag {' or '.join(tags)}: it was deleted, or images are tagged otherwise. "
        "Correct the image template, or deploy the newest version"
    )


def none_published(slug: str, *, pattern: str, prereleases: bool) -> str:
    """That a repository has nothing to deploy."""
    if pattern:
        but = "" if prereleases else " Pre-releases are left out."
        return f"None of the newest tags of {slug} fits “{pattern}”.{but} Push one, or correct the pattern."
    kind = "release" if prereleases else "release that is not a draft or a pre-release"
    return f"{slug} has no {kind}. Publish one, or name a pattern of tags in the mapping."


def no_version_of(sha: str) -> str:
    """That a commit has no version, where images are tagged with versions."""
    return f"No version of {short(sha)} is known, and images are tagged with versions here. Publish a release of it, then deploy again."


def same_commit(newest_name: str, running: str) -> str:
    """That two versions are one commit, without a full stop."""
    return f"{newest_name} is the same commit as {running}"


def _literal(pattern: str) -> str:
    return re.split(r"[*?\[]", pattern, maxsplit=1)[0]


def _is_prerelease(version: Version) -> bool:
    key = _key(version)
    return version.is_prerelease or (key is not None and not key[1])


def _key(version: Version) -> _Key | None:
    """What versions are sorted by: the numbers, then whether it is final, then the pre-release's parts; None where it has no number."""
    found = _PARTS.fullmatch(number_of(version.name))
    if found is None:
        return None
    numbers = [int(each) for each in found[1].split(".") if len(each) < _LONGEST_TAG]
    while numbers and not numbers[-1]:
        numbers.pop()
    parts = found[2].split(".") if found[2] else ()
    before = tuple((not each.isdecimal(), int(each) if each.isdecimal() else 0, each) for each in parts)
    return tuple(numbers), not parts, before
