"""Syncs as Activity lists them: consecutive ones that found nothing share one line."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from deployments.queries.history import Sync

SHOWN_AT_LEAST = 2
"""One quiet sync takes no more room than a line that says so."""


@dataclass(frozen=True)
class SyncFold:
    syncs: tuple[Sync, ...]
    """Newest first."""

    @property
    def is_folded(self) -> bool:
        return len(self.syncs) >= SHOWN_AT_LEAST

    @property
    def newest(self) -> Sync:
        return self.syncs[0]

    @property
    def oldest(self) -> Sync:
        return self.syncs[-1]


def folded(syncs: Iterable[Sync]) -> tuple[SyncFold, ...]:
    """Return them in their order, quiet neighbours together and every other one alone."""
    folds: list[SyncFold] = []
    for is_quiet, run in groupby(syncs, key=lambda each: each.found_nothing):
        alike = tuple(run)
        folds += [SyncFold(alike)] if is_quiet else [SyncFold((each,)) for each in alike]
    return tuple(folds)
