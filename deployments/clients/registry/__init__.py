"""What a container registry has: one question, asked of any registry that speaks the OCI distribution protocol."""

from deployments.clients.registry.client import Registry
from deployments.clients.registry.errors import (
    RegistryError,
    RegistryRateLimited,
    RegistryRefused,
    RegistryUnavailable,
)

__all__ = ["Registry", "RegistryError", "RegistryRateLimited", "RegistryRefused", "RegistryUnavailable"]
