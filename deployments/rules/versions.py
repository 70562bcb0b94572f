"""Sites by release: which version is the newest, how its image is tagged, and which Git tags an image may be from.

Versions are compared as https://semver.org/#spec-item-11 has them, with any number of parts, so that dates are versions too, and as
https://packaging.python.org/en/latest/specifications/version-specifiers/ spells pre-releases: 1.4.0rc1, and 1.4.0.post1 after 1.4.0.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from deployments.rules.wording import short

_NOT_IN_A_TAG = re.compile(r"[^\w.-]+", re.ASCII)
_LONGEST_TAG = 128
_NUMBER = re.compile(r"(?:^|[/@_-])v?(\d+(?:\.\d+)*(?:[-+._][^/@]*)?)\Z", re.IGNORECASE | re.DOTALL)
_PARTS = re.compile(r"(\d+(?:\.\d+)*)(.*?)(?:\+.*)?", re.DOTALL)
"""The numbers, and what is behind them but for semver's build."""
_IDENTIFIERS = re.compile(r"-[0-9A-Za-z.-]+")
_WORD = "alpha|beta|preview|pre|rc|cr|dev|milestone|snapshot|canary|nightly|[abcm]"
_BEFORE_IT = re.compile(rf"[._-]?(?:{_WORD})[._-]?\d*(?:[._-].*)?", re.IGNORECASE | re.DOTALL)
_AFTER_IT = re.compile(r"[._-]?post[._-]?\d*", re.IGNORECASE)
_FINAL = re.compile(r"[._-](?:final|ga|release)", re.IGNORECASE)
_DATE = re.compile(r"(?:19|20)\d\d(?:[01]\d[0-3]\d)?(?:\..*)?", re.DOTALL)
_BEHIND_A_DATE = re.compile(r"-(?:\d|[0-9a-f]{7}).*", re.DOTALL)
"""The rest of it, a counter, or a commit: 2026-01-15, 20260115-2, 2026.01.15-3f9c2a1."""
_COUNTED = re.compile(rf"(?<![0-9A-Za-z])({_WORD}|post)[_-]?(?=\d)", re.IGNORECASE)
_Key = tuple[tuple[int, ...], bool, tuple[tuple[bool, int, str], ...]]


@dataclass(frozen=True, kw_only=True)
class Version:
    """A tag of git, or a release with its tag; `sha` is its commit, whatever tag object lies between."""

    name: str
    sha: str
    is_prerelease: bool | None = None
    """What GitHub calls a release; None for a tag, whose name alone says it."""


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
    fitting = _fitting(versions, pattern=pattern, prereleases=prereleases)
    if not fitting or _key(fitting[0]) is None:
        return fitting[0] if fitting else None
    numbered = [(key, each) for each in fitting if (key := _key(each)) is not None]
    # Of equal ones the first with the most parts: v2 is often a tag that is moved, and v2.0.0 is not.
    return max(numbered, key=lambda found: (found[0], len(_numbers(found[1]))))[1]


def versions_of_each(
    versions: Sequence[Version], commits: Iterable[str], *, pattern: str = "", prereleases: bool = False
) -> tuple[Version, ...]:
    """Of each of these commits the versions that fit, in the commits' order, the newest first; commits without one are left out.

    Besides the newest only those that name one build: images of tags that are moved, like v1, may be of an earlier commit.
    """
    of_commit: dict[str, dict[str, Version]] = {}
    for each in _fitting(versions, pattern=pattern, prereleases=prereleases):
        of_commit.setdefault(each.sha, {})[each.name] = each
    return tuple(each for sha in commits for each in _newest_first(list(of_commit.get(sha, {}).values())))


def _newest_first(versions: Sequence[Version]) -> Iterator[Version]:
    best = newest(versions, prereleases=True)
    left = [each for each in versions if each == best or not _may_move(each, versions)]
    while best:
        yield best
        left.remove(best)
        best = newest(left, prereleases=True)


def _may_move(version: Version, versions: Iterable[Version]) -> bool:
    """Whether it has no number, or is the beginning of another version of the same commit."""
    parts = _numbers(version)
    longer = (found for each in versions if len(found := _numbers(each)) > len(parts))
    return not parts or any(found[: len(parts)] == parts for found in longer)


def _numbers(version: Version) -> list[str]:
    found = _PARTS.fullmatch(number_of(version.name))
    return found[1].split(".") if found else []


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


def may_be_version(name: str, *, pattern: str) -> bool:
    """Whether a site by release may deploy a tag of this name: it fits the pattern, or without one has a number."""
    return fnmatchcase(name, pattern) if pattern else _key(Version(name=name, sha="")) is not None


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


def no_image_tag(name: str) -> str:
    """That no image can be tagged with a version."""
    return (
        f"The version {name[:60]} cannot be an image's tag, which has up to 128 letters, digits, “_”, “.” and “-”. Publish one that can, or "
        "correct the image template."
    )


def same_commit(newest_name: str, running: str) -> str:
    """That two versions are one commit, without a full stop."""
    return f"{newest_name} is the same commit as {running}"


def _fitting(versions: Iterable[Version], *, pattern: str, prereleases: bool) -> list[Version]:
    return [
        each
        for each in versions
        if (not pattern or fnmatchcase(each.name, pattern)) and (prereleases or not _is_prerelease(each))
    ]


def _literal(pattern: str) -> str:
    return re.split(r"[*?\[]", pattern, maxsplit=1)[0]


def _is_prerelease(version: Version) -> bool:
    if version.is_prerelease is not None:
        return version.is_prerelease
    key = _key(version)
    return key is not None and not key[1]


def _key(version: Version) -> _Key | None:
    """What versions are sorted by: the numbers, then whether it is final, then the other parts; None where it has no number."""
    found = _PARTS.fullmatch(number_of(version.name))
    if found is None:
        return None
    behind = found[2]
    numbers = [int(each) for each in found[1].split(".") if len(each) < _LONGEST_TAG]
    while numbers and not numbers[-1]:
        numbers.pop()
    if not behind or _FINAL.fullmatch(behind):
        return tuple(numbers), True, ()
    if _DATE.fullmatch(found[1]) and _BEHIND_A_DATE.fullmatch(behind):
        return tuple(numbers), True, _parts(behind.replace("-", "."))
    if _AFTER_IT.fullmatch(behind):
        return tuple(numbers), True, _parts(behind)
    is_before = _BEFORE_IT.fullmatch(behind) or _IDENTIFIERS.fullmatch(behind)
    return (tuple(numbers), False, _parts(behind)) if is_before else None


def _parts(behind: str) -> tuple[tuple[bool, int, str], ...]:
    """Numbers come before words, and are compared as such, also where one follows its word at once: rc9, rc10."""
    parts = _COUNTED.sub(r"\1.", behind).lstrip("._-").split(".")
    return tuple((not each.isdecimal(), int(each) if each.isdecimal() else 0, each) for each in parts)
