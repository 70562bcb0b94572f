"""The registry's client meets the demo registry, and the real one where it is installed."""

from tests.fixtures_registry import demo_registry, registry

__all__ = ["demo_registry", "registry"]
