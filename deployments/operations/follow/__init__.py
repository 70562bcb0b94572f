"""Watch all active rollouts to their ends."""

from deployments.operations.follow.look import FOLLOWED
from deployments.operations.follow.loop import follow
from deployments.operations.follow.means import Patience

__all__ = ["FOLLOWED", "Patience", "follow"]
