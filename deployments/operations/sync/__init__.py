"""One pass over all sites: gather what is outside, decide by pure rules, act."""

from deployments.operations.sync.run import (
    AnotherAtWork,
    SyncReport,
    UnableToSync,
    close_dead_runs,
    prune_runs,
    sync,
)

__all__ = ["AnotherAtWork", "SyncReport", "UnableToSync", "close_dead_runs", "prune_runs", "sync"]
