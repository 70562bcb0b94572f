"""Watch all active rollouts to their ends."""

from deployments.operations.deploys.follow.context import Timeouts
from deployments.operations.deploys.follow.loop import follow
from deployments.operations.deploys.follow.snapshot import FOLLOWED

__all__ = ["FOLLOWED", "Timeouts", "follow"]
