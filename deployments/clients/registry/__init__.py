"""What a container registry has: a few calls, to any registry that speaks the OCI distribution protocol."""

from deployments.clients.registry.client import Registry
from deployments.clients.registry.errors import (
    RegistryError,
    RegistryRateLimited,
    RegistryRefused,
    RegistryUnavailable,
)
from deployments.clients.registry.manifests import BuildLabels

__all__ = [
    "BuildLabels",
    "Registry",
    "RegistryError",
    "RegistryRateLimited",
    "RegistryRefused",
    "RegistryUnavailable",
]
