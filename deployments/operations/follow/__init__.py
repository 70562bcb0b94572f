"""Watch all active rollouts to their ends."""

from deployments.operations.follow.context import Timeouts
from deployments.operations.follow.loop import follow
from deployments.operations.follow.snapshot import FOLLOWED

__all__ = ["FOLLOWED", "Timeouts", "follow"]
