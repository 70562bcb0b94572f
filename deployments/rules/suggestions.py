"""What a mapping could say instead."""

import re

from deployments.rules.images import UnableToParseImage, parse_image

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
