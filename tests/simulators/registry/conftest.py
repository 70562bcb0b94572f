"""The demo registry, seen from outside."""

from tests.fixtures_registry import demo_registry

__all__ = ["demo_registry"]
