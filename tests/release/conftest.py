"""The demo's registry, for what a release asks of one."""

from tests.fixtures_registry import demo_registry, registry

__all__ = ["demo_registry", "registry"]
