"""A small container registry on loopback that speaks the distribution protocol, for tests and for `make demo`."""

from simulators.registry.images import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    Says,
    labels_of,
)
from simulators.registry.registry import DemoRegistry

__all__ = [
    "DOCKER_LIST",
    "DOCKER_MANIFEST",
    "OCI_INDEX",
    "OCI_MANIFEST",
    "DemoRegistry",
    "Says",
    "labels_of",
]
