"""What a manifest refers to: https://github.com/opencontainers/image-spec/blob/main/manifest.md and image-index.md."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deployments.rules.times import parse_time
from deployments.rules.wording import printable

# All four are named: a registry says 404 to who does not accept what it has.
ACCEPTED = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
INDEXES = (ACCEPTED[0], ACCEPTED[2])
REVISION, SOURCE, CREATED = (f"org.opencontainers.image.{name}" for name in ("revision", "source", "created"))
"""https://github.com/opencontainers/image-spec/blob/main/annotations.md#pre-defined-annotation-keys"""
_PREFERRED = "linux/amd64"
_LONGEST_TEXT = 500
_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+")
_LONGEST_DIGEST = len("sha512:") + 128
# What old registries send, whatever was requested: https://distribution.github.io/distribution/spec/deprecated-schema-v1/.
_OLD = (
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
)


def media_type_in(headers: Mapping[str, str]) -> str:
    """Of Content-Type, without parameters and in lower case; empty where there is none."""
    return headers.get("Content-Type", "").partition(";")[0].strip().lower()


def digest_in(headers: Mapping[str, str]) -> str:
    """Of Docker-Content-Digest; empty where there is none, or a proxy has made something else of it."""
    value = headers.get("Docker-Content-Digest", "").strip()
    return value if is_digest(value) else ""


def is_digest(value: object) -> bool:
    """By https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests, and no longer than one of SHA-512."""
    return isinstance(value, str) and len(value) <= _LONGEST_DIGEST and bool(_DIGEST.fullmatch(value))


def is_manifest(headers: Mapping[str, str]) -> bool:
    """Whether an answer is a manifest; a login page or a proxy's error comes with status 200, too."""
    return media_type_in(headers) in {*ACCEPTED, *_OLD}


@dataclass(frozen=True, kw_only=True)
class BuildLabels:
    """What one build says about itself; texts are empty where it does not. `platforms` are an index' images, by their digests."""

    digest: str
    revision: str = ""
    source: str = ""
    created_at: datetime | None = None
    platforms: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """An index, or one platform's image; `config` is the digest of its configuration, empty where there is none."""

    annotations: Mapping[str, str]
    platforms: Mapping[str, str]
    config: str


def parse_manifest(body: bytes) -> Manifest:
    """A manifest's content; nothing where it cannot be read."""
    content = _object_in(body)
    listed = content.get("manifests")
    parts = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    platforms = {
        each["digest"]: _platform(each.get("platform"))
        for each in parts
        if is_digest(each.get("digest")) and not _attests(each)
    }
    config = content.get("config")
    digest = config.get("digest") if isinstance(config, dict) else None
    return Manifest(_texts(content.get("annotations")), platforms, str(digest) if is_digest(digest) else "")


def preferred(platforms: Mapping[str, str]) -> str:
    """The digest of the platform that most nodes are: linux/amd64, else the first; empty where there is none."""
    return next(
        (each for each, platform in platforms.items() if platform == _PREFERRED), next(iter(platforms), "")
    )


def labels_in(config: bytes) -> Mapping[str, str]:
    """The labels of an image's configuration: https://github.com/opencontainers/image-spec/blob/main/config.md"""
    content = _object_in(config)
    inner = content.get("config")
    return _texts(inner.get("Labels") if isinstance(inner, dict) else None)


def build_in(digest: str, platforms: Mapping[str, str], stated: Sequence[Mapping[str, str]]) -> BuildLabels:
    """Put together what annotations and labels say. The first that names a commit counts, with its own source alone.

    Annotations come before labels: an image inherits its base image's labels, and never its annotations.
    """
    named = next((each for each in stated if each.get(REVISION)), {})
    created = next((each[CREATED] for each in stated if each.get(CREATED)), "")
    return BuildLabels(
        digest=digest,
        revision=named.get(REVISION, "").strip()[:_LONGEST_TEXT],
        source=named.get(SOURCE, "").strip()[:_LONGEST_TEXT],
        created_at=parse_time(created),
        platforms=platforms,
    )


def _object_in(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _texts(value: Any) -> dict[str, str]:
    items = value.items() if isinstance(value, dict) else ()
    return {name: text for name, text in items if isinstance(text, str)}


def _platform(value: Any) -> str:
    parts = _texts(value)
    named = "/".join(parts[name] for name in ("os", "architecture", "variant") if parts.get(name))
    return printable(named)[:_LONGEST_TEXT]


def parts_in(body: bytes) -> frozenset[str]:
    """The digests of an index' images, or of a manifest's configuration; none where the body is neither.

    An attestation is listed in the index under a platform that does not exist, and is not part of the image:
    https://docs.docker.com/build/metadata/attestations/attestation-storage/
    """
    manifest = parse_manifest(body)
    return frozenset({*manifest.platforms, manifest.config} - {""})


def _attests(part: dict[str, Any]) -> bool:
    platform = part.get("platform")
    return isinstance(platform, dict) and platform.get("os") == "unknown"
