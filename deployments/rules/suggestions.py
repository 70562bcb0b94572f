"""Suggestions for a mapping, and why no template can match an image with a commit in its tag."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from deployments.rules.builds import CommitSource
from deployments.rules.images import ImageReference, UnableToParseImage, parse_image
from deployments.rules.versions import looks_like_a_version

_VERSION = re.compile(r"v?\d+([._-].*)?")
_COMMIT = re.compile(r"(?<![0-9a-f])[0-9a-f]{7,40}(?![0-9a-f])")
_WHOLE, _USUAL = 40, 7
_BETWEEN = re.compile(r"[-._]")
_NUMBER = re.compile(r"(?:v|b|n|r|rc|ci|pr|mr|run|build|job|rev|alpha|beta)?[0-9]+|.*[0-9]{3}.*")
"""A date, a counter, a version, or the number of a pull request: `amd64` and `node20` are not."""
_PLATFORM = re.compile(
    r"x86[_-]64|i[3-6]86|linux[_-]386|s390x|(?:amd64|arm64|aarch64|arm)[._-]?v[0-9]", re.IGNORECASE
)
"""Numbers that stay the same: https://github.com/opencontainers/image-spec/blob/main/image-index.md#platform-variants."""

_OF_ONE_BUILD = re.compile(
    r"[0-9]{3}|[0-9]+\.[0-9]+\.[0-9]|(?:^|[-._])(?:b|n|r|build|run|job|rev|ci)[-._]?[0-9]|(?<![0-9a-f])(?=[a-f]*[0-9])[0-9a-f]{7}",
    re.IGNORECASE,
)
"""A date, a counter, a version or a commit within a tag, which the next build has otherwise: it does not move."""
_VARIANT = re.compile(
    r"v?\d+(?:\.\d+)+((?:-(?:alpine|slim|debian|bookworm|trixie|bullseye|ubuntu|noble|jammy|distroless|musl|linux|amd64|arm64))*)"
)
"""A version, and what stays the same behind it: the base image, and the platform."""
_UNCOMMITTED = {"dirty", "modified"}

TAG_BY_COMMIT = "Push each build under its commit too, as in :3f9c2a1 or :main-3f9c2a1."


@dataclass(frozen=True)
class _Tag:
    reference: ImageReference
    before: str
    commit: str
    after: str

    @property
    def number(self) -> str:
        """What is next to the commit and differs with each build, such as a second commit, or is of no commit; empty where nothing is."""
        beside = (_PLATFORM.sub("", each) for each in (self.before, self.after))
        parts = (part for each in beside for part in _BETWEEN.split(each))
        return next((each for each in parts if _is_of_one_build(each)), "")

    @property
    def placeholder(self) -> str:
        digits = len(self.commit)
        if digits == _WHOLE:
            return "{sha}"
        return "{short_sha}" if digits == _USUAL else f"{{short_sha:{digits}}}"


def _is_of_one_build(part: str) -> bool:
    return bool(_NUMBER.fullmatch(part) or _COMMIT.fullmatch(part)) or part.lower() in _UNCOMMITTED


def image_template_for(image: str, *, repository: str) -> str:
    """The template that gives `image`, where its tag is a commit of 7 to 40 digits and what stays the same; else empty."""
    tag = _tag_of(image)
    if tag is None or tag.number:
        return ""
    before, _, last = tag.reference.repository.rpartition("/")
    name = "{repository}" if last == repository.lower() else last
    return f"{before}/{name}:{tag.before}{tag.placeholder}{tag.after}"


def why_no_template(image: str) -> str:
    """Why no template can name `image`, in a sentence; empty where one can, or its tag carries no commit at all."""
    tag = _tag_of(image)
    if tag is None or not tag.number:
        return ""
    return (
        f"The tag of {image} has “{tag.number}” beside the commit {tag.commit}, and the next build has something else there, "
        "so no image template can name it."
    )


def commit_in(image: str) -> str:
    """The commit, 7 to 40 digits, that an image's tag carries; empty where it carries none."""
    tag = _tag_of(image)
    return tag.commit if tag else ""


def _tag_of(image: str) -> _Tag | None:
    """The parts of an image's tag; None where it carries no commit. Decimal digits alone are a date or a counter."""
    try:
        reference = parse_image(image)
    except UnableToParseImage:
        return None
    text = reference.tag or ""
    found = [each for each in _COMMIT.finditer(text) if len(each[0]) == _WHOLE or not each[0].isdecimal()]
    if not found:
        return None
    commit = max(found, key=lambda each: len(each[0]))
    return _Tag(reference, text[: commit.start()], commit[0], text[commit.end() :])


def mapping_for(image: str, *, repository: str, source: str = CommitSource.TAG) -> dict[str, str]:
    """What a mapping whose commits are known by `source` would say for this image to carry a commit, by the names of its fields; empty where nothing
    is known to help.

    A tag that carries a commit fits a template, a version is a release's; one that is neither moves, as `main` and `latest` do.
    """
    if template := image_template_for(image, repository=repository):
        by_tag = {} if source == CommitSource.TAG else {"commit_source": CommitSource.TAG.value}
        return {**by_tag, "image_template": template}
    try:
        reference = parse_image(image)
    except UnableToParseImage:
        return {}
    tag = reference.tag or "latest"
    if source == CommitSource.LABEL or why_no_template(image):
        return {}
    before, _, last = reference.repository.rpartition("/")
    name = "{repository}" if last == repository.lower() else last
    if looks_like_a_version(tag) and source == CommitSource.TAG:
        variant = found[1] if (found := _VARIANT.fullmatch(tag)) else ""
        version = ("{tag}" if tag.startswith("v") else "{version}") + variant
        return {
            "commit_source": CommitSource.RELEASE.value,
            "image_template": f"{before}/{name}:{version}",
        }
    if _VERSION.fullmatch(tag) or _OF_ONE_BUILD.search(_PLATFORM.sub("", tag)):
        return {}
    return {
        "commit_source": CommitSource.LABEL.value,
        "moving_tag": tag,
        "image_template": f"{before}/{name}:{{sha}}",
    }


def proposal(image: str, suggested: Mapping[str, str]) -> str:
    """What `mapping_for` found, as a sentence next to the field; empty where it found nothing."""
    if not suggested:
        return ""
    runs, template = f"It runs {image}.", suggested["image_template"]
    match suggested.get("commit_source"):
        case CommitSource.RELEASE:
            return f"{runs} That tag is a version: choose “the image's version”, with the image template {template}."
        case CommitSource.LABEL:
            return (
                f"{runs} That tag carries no commit: where the build labels its images, as docker/metadata-action does, choose “the image's "
                f"label”, with the moving tag {suggested['moving_tag']}."
            )
    return f"{runs} That tag carries a commit: choose “the image's tag”, with the image template {template}."
