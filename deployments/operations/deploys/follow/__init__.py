"""Watch all active rollouts to their ends."""

from deployments.operations.deploys.follow.context import Timeouts
from deployments.operations.deploys.follow.loop import follow

__all__ = ["Timeouts", "follow"]
