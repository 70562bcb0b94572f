"""What a manifest refers to: https://github.com/opencontainers/image-spec/blob/main/manifest.md and image-index.md."""

import json
from collections.abc import Mapping
from typing import Any

# All four are named: a registry says 404 to who does not accept what it has.
ACCEPTED = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
# What old registries send whatever was asked for: https://distribution.github.io/distribution/spec/deprecated-schema-v1/.
_OLD = (
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
)


def media_type_in(headers: Mapping[str, str]) -> str:
    """Of Content-Type, without parameters and in lower case; empty where there is none."""
    return headers.get("Content-Type", "").partition(";")[0].strip().lower()


def is_manifest(headers: Mapping[str, str]) -> bool:
    """Whether an answer is a manifest; a login page or a proxy's error comes with status 200, too."""
    return media_type_in(headers) in {*ACCEPTED, *_OLD}


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
