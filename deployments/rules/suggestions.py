"""What a mapping could say instead."""

import re

from deployments.rules.images import UnableToParseImage, parse_image

_VERSION = re.compile(r"v?\d+([._-].*)?")
_COMMIT = re.compile(r"(?<![0-9a-f])([0-9a-f]{40}|[0-9a-f]{7})(?![0-9a-f])")


def image_template_for(image: str, *, repository: str) -> str:
    """The template that gives `image`, where its tag carries a commit of 7 or 40 digits; else empty."""
    try:
        reference = parse_image(image)
    except UnableToParseImage:
        return ""
    found = _COMMIT.search(reference.tag or "")
    if found is None or reference.tag is None:
        return ""
    placeholder = "{sha}" if len(found[1]) == 40 else "{short_sha}"  # noqa: PLR2004  a whole SHA's digits
    tag = reference.tag[: found.start()] + placeholder + reference.tag[found.end() :]
    before, _, last = reference.repository.rpartition("/")
    name = "{repository}" if last == repository.lower() else last
    return f"{before}/{name}:{tag}"


def mapping_for(image: str, *, repository: str, is_by_label: bool) -> dict[str, str]:
    """What a mapping would say for this image to carry a commit, by the names of its fields; empty where nothing is known to help.

    A tag that carries a commit fits a template; one that is neither that nor a version moves, as `main` and `latest` do.
    """
    if template := image_template_for(image, repository=repository):
        return {"image_template": template}
    try:
        reference = parse_image(image)
    except UnableToParseImage:
        return {}
    tag = reference.tag or "latest"
    if is_by_label or _VERSION.fullmatch(tag):
        return {}
    before, _, last = reference.repository.rpartition("/")
    name = "{repository}" if last == repository.lower() else last
    return {"commit_source": "label", "moving_tag": tag, "image_template": f"{before}/{name}:{{sha}}"}
