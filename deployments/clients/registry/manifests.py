"""What a manifest refers to: https://github.com/opencontainers/image-spec/blob/main/manifest.md and image-index.md."""

import json
from typing import Any


def parts_in(body: bytes) -> frozenset[str]:
    """The digests of an index' images, or of a manifest's configuration; none where the body is neither.

    What only attests to an image stands in an index for a platform that nobody has, and is no part of it:
    https://docs.docker.com/build/metadata/attestations/attestation-storage/
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return frozenset()
    if not isinstance(content, dict):
        return frozenset()
    listed = content.get("manifests")
    parts: list[Any] = [content.get("config"), *(listed if isinstance(listed, list) else [])]
    digests = (part.get("digest") for part in parts if isinstance(part, dict) and not _attests(part))
    return frozenset(each for each in digests if isinstance(each, str))


def _attests(part: dict[str, Any]) -> bool:
    platform = part.get("platform")
    return isinstance(platform, dict) and platform.get("os") == "unknown"
