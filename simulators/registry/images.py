"""What is in the registry: images as a build pushes them, and when each tag can be seen."""

import gzip
import hashlib
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"

_CONFIG_TYPES = {
    OCI_MANIFEST: "application/vnd.oci.image.config.v1+json",
    DOCKER_MANIFEST: "application/vnd.docker.container.image.v1+json",
}
_PLATFORM_TYPES = {OCI_INDEX: OCI_MANIFEST, DOCKER_LIST: DOCKER_MANIFEST}
_LAYER_TYPES = {
    OCI_MANIFEST: "application/vnd.oci.image.layer.v1.tar+gzip",
    DOCKER_MANIFEST: "application/vnd.docker.image.rootfs.diff.tar.gzip",
}
_PROOF_TYPE = "application/vnd.in-toto+json"
_TAR = bytes(1024)
_LAYER = gzip.compress(_TAR, mtime=0)


@dataclass(frozen=True)
class Says:
    """What an image says of itself: its configuration's labels, and the annotations of its manifest and its index."""

    labels: Mapping[str, str] = field(default_factory=dict)
    manifest: Mapping[str, str] = field(default_factory=dict)
    index: Mapping[str, str] = field(default_factory=dict)


def labels_of(revision: str, source: str) -> dict[str, str]:
    """As docker/metadata-action labels every image."""
    return {
        "org.opencontainers.image.revision": revision,
        "org.opencontainers.image.source": source,
        "org.opencontainers.image.created": "2026-11-20T08:15:00.000Z",
    }


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass(frozen=True)
class Blob:
    content: bytes
    media_type: str = "application/octet-stream"

    @property
    def digest(self) -> str:
        return digest_of(self.content)

    def descriptor(self, **more: Any) -> dict[str, Any]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.content), **more}


@dataclass
class _Repository:
    """Tags with all that was pushed to them, as (seen from, digest), oldest push first; so for each manifest."""

    tags: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    manifests: dict[str, tuple[float, Blob]] = field(default_factory=dict)
    blobs: dict[str, Blob] = field(default_factory=dict)


class Images:
    """About 3 kB for each image."""

    def __init__(self) -> None:
        self._repositories: dict[str, _Repository] = {}
        self._lock = threading.Lock()

    def push(self, path: str, tag: str, *, says: Says, after_seconds: float, media_type: str) -> str:
        """The digest of the new manifest, which is seen after so many seconds."""
        top, manifests, blobs = _built(
            media_type, *(_items(each) for each in (says.labels, says.manifest, says.index))
        )
        with self._lock:
            repository = self._repositories.setdefault(path, _Repository())
            repository.blobs |= blobs
            seen_from = time.monotonic() + after_seconds
            for digest, one in manifests.items():
                earlier, _ = repository.manifests.get(digest, (seen_from, one))
                repository.manifests[digest] = min(earlier, seen_from), one
            repository.tags.setdefault(tag, []).append((seen_from, top))
        return top

    def remove(self, path: str, tag: str) -> None:
        """Raises KeyError where there is no such tag."""
        with self._lock:
            repository = self._repositories[path]
            for _, digest in repository.tags.pop(tag):
                repository.manifests.pop(digest, None)

    def remove_manifest(self, path: str, digest: str) -> None:
        """Raises KeyError where there is none; an index' images stay, and an index stays without them."""
        with self._lock:
            del self._repositories[path].manifests[digest]

    def manifest(self, path: str, reference: str) -> Blob | None:
        """What a tag or a digest names, if it can be seen by now."""
        with self._lock:
            repository = self._repositories.get(path, _Repository())
            now = time.monotonic()
            seen = [digest for moment, digest in repository.tags.get(reference, []) if moment <= now]
            seen_from, manifest = repository.manifests.get(seen[-1] if seen else reference, (now, None))
            return manifest if seen_from <= now else None

    def platform(self, path: str, index: Blob) -> Blob:
        """The manifest for the one platform that an index has."""
        with self._lock:
            _, manifest = self._repositories[path].manifests[
                json.loads(index.content)["manifests"][0]["digest"]
            ]
            return manifest

    def blob(self, path: str, digest: str) -> Blob | None:
        with self._lock:
            return self._repositories.get(path, _Repository()).blobs.get(digest)

    def tags(self, path: str) -> list[str] | None:
        """In order; None for a repository that is not known."""
        with self._lock:
            repository = self._repositories.get(path)
            now = time.monotonic()
            if repository is None:
                return None
            return sorted(
                tag for tag, pushes in repository.tags.items() if any(moment <= now for moment, _ in pushes)
            )


def _items(mapping: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(mapping.items())


@lru_cache(maxsize=1024)
def _built(
    media_type: str,
    labels: tuple[tuple[str, str], ...],
    annotations: tuple[tuple[str, str], ...],
    index_annotations: tuple[tuple[str, str], ...],
) -> tuple[str, Mapping[str, Blob], Mapping[str, Blob]]:
    """What a build pushes: the digest of its top manifest, all manifests and all blobs by their digests."""
    platform_type = _PLATFORM_TYPES.get(media_type, media_type)
    config = _config(dict(labels), _CONFIG_TYPES[platform_type])
    layer = Blob(_LAYER, _LAYER_TYPES[platform_type])
    manifest = top = _manifest(platform_type, config, layer, dict(annotations))
    proof = Blob(
        _dump({"predicateType": "https://slsa.dev/provenance/v1", "of": manifest.digest}), _PROOF_TYPE
    )
    attestation = _manifest(platform_type, config, proof)
    if media_type != platform_type:
        top = _index(media_type, manifest, attestation, dict(index_annotations))
    manifests = {each.digest: each for each in (manifest, attestation, top)}
    return top.digest, manifests, {each.digest: each for each in (config, layer, proof)}


def _config(labels: Mapping[str, str], media_type: str) -> Blob:
    content = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Labels": dict(labels)},
        "rootfs": {"type": "layers", "diff_ids": [digest_of(_TAR)]},
    }
    return Blob(_dump(content), media_type)


def _annotated(content: dict[str, Any], annotations: Mapping[str, str]) -> Blob:
    more = {"annotations": dict(annotations)} if annotations else {}
    return Blob(_dump(content | more), content["mediaType"])


def _manifest(
    media_type: str, config: Blob, layer: Blob, annotations: Mapping[str, str] = MappingProxyType({})
) -> Blob:
    content = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
    }
    return _annotated(content, annotations)


def _index(media_type: str, manifest: Blob, attestation: Blob, annotations: Mapping[str, str]) -> Blob:
    """As BuildKit writes it: the platform's manifest is followed by its attestation, for a platform that does not exist."""
    about = {
        "vnd.docker.reference.digest": manifest.digest,
        "vnd.docker.reference.type": "attestation-manifest",
    }
    nowhere = {"architecture": "unknown", "os": "unknown"}
    content = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "manifests": [
            manifest.descriptor(platform={"architecture": "amd64", "os": "linux"}),
            attestation.descriptor(annotations=about, platform=nowhere),
        ],
    }
    return _annotated(content, annotations)


def _dump(content: dict[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()
