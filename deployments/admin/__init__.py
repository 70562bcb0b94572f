"""Where mappings are edited; everything else is there to be read."""

from deployments.admin import history, queue, sites

__all__ = ["history", "queue", "sites"]
