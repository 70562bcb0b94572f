"""The order of the list's rows."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from deployments.queries.sites import SiteRow

_BY: dict[str, Callable[[SiteRow], Any]] = {
    "name": lambda row: row.name,
    "behind": lambda row: row.seen.behind_by,
    "age": lambda row: row.head.committed_at if row.head else None,
    "author": lambda row: row.head.author.casefold() if row.head and row.head.author else None,
    "ci": lambda row: row.seen.check_state if row.head else None,
}
_LARGEST_FIRST = {"behind", "age"}
"""The most behind first, and the newest."""


def known_order(asked: str) -> str:
    """Return the requested order, like `age` or, reversed, `-age`; nothing where there is no such order."""
    return asked if asked.removeprefix("-") in _BY else ""


def in_order(rows: Iterable[SiteRow], *, order: str, named: Sequence[str] = ()) -> list[SiteRow]:
    """Starred rows first; then by need, or by one column with the rows last where that is not known.

    A row whose whole name is among `named` comes before all: a person who types one means that, though others end in the same words.
    """
    found = sorted(rows, key=lambda row: (not row.was_checked, row.answer.rank, row.name))
    if order:
        found = _by_column(found, order)
    return sorted(found, key=lambda row: (row.name not in named, not row.is_starred))


def _by_column(rows: Iterable[SiteRow], order: str) -> list[SiteRow]:
    column = order.removeprefix("-")
    value = _BY[column]
    by_name = sorted(rows, key=lambda row: row.name)
    known = [row for row in by_name if value(row) is not None]
    known.sort(key=value, reverse=order.startswith("-") is not (column in _LARGEST_FIRST))
    return known + [row for row in by_name if value(row) is None]
