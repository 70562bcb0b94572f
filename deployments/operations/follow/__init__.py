"""Watch all active rollouts to their ends."""

from deployments.operations.follow.context import Timeouts
from deployments.operations.follow.look import FOLLOWED
from deployments.operations.follow.loop import follow

__all__ = ["FOLLOWED", "Timeouts", "follow"]
