"""The list's rows as its template needs them: precomputed, since templates are slow."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.core.paginator import Page, Paginator
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.actions import ActionButton, Viewer, action_in_list
from deployments.queries import Commit, SiteRow
from deployments.rules.labels import NOT_CHECKED, STATES
from deployments.rules.site_facts import CheckState
from deployments.rules.site_state import State
from deployments.rules.wording import short

PER_PAGE = 100
LONGEST_HEADLINE = 120
_STARRED = "Starred"
_NEEDS_ATTENTION = "Needs attention"
_CI = {
    CheckState.SUCCESS: "passed",
    CheckState.FAILURE: "failed",
    CheckState.PENDING: "running",
    CheckState.OVERDUE: "not begun",
    CheckState.NONE: "none",
    CheckState.UNKNOWN: "not known",
}
_COLUMNS = {
    "name": "Site",
    "": "State",
    "behind": "Running → newest",
    "age": "Newest commit",
    "author": "Author",
    "ci": "CI",
}
_BY = {
    "name": "By name",
    "behind": "By commits behind",
    "age": "By age of the newest commit",
    "author": "By author",
    "ci": "By CI",
}


@dataclass(frozen=True)
class Column:
    """What the list can be sorted by, where it is a table."""

    label: str
    order: str
    """What a tap on it asks for; empty: by urgency."""
    sign: str
    """Which way it is sorted by this column now; empty where it is not."""


@dataclass(frozen=True)
class ListRow:
    key: int
    name: str
    url: str
    star: str
    """What its star does: `star`, or `unstar` where it has one."""
    is_pressed: str
    tags: str
    state: str
    word: str
    message: str
    """Empty where the state says it all."""
    headline: str
    """Of the newest commit, cut where no row has room; its SHA where it has none."""
    head: Commit | None
    runs: SafeString
    """What runs, and what is newest where that is another commit."""
    ci: str
    """Of the newest commit, in one word."""
    action_button: ActionButton | None


@dataclass(frozen=True)
class Part:
    """Rows under one title."""

    title: str
    rows: tuple[ListRow, ...]
    needs_attention: bool
    """It is the first with a row that needs a person."""


def page_of(rows: Sequence[SiteRow], number: str) -> Page[SiteRow]:
    """Return 100 rows at most; the nearest page there is where `number` names none."""
    return Paginator(rows, PER_PAGE).get_page(number)


def columns_of(order: str) -> tuple[Column, ...]:
    """Return the list's columns as it is sorted now: a second tap on one sorts the other way round."""
    current, is_turned = order.removeprefix("-"), order.startswith("-")
    return tuple(
        Column(
            label,
            f"-{name}" if name and name == order else name,
            ("↑" if is_turned else "↓") if name == current else "",
        )
        for name, label in _COLUMNS.items()
    )


def parts_of(page: Page[SiteRow], viewer: Viewer, *, order: str = "") -> tuple[Part, ...]:
    """Return the rows of a page under their titles; their order keeps each part together."""
    groups = [(title, tuple(rows)) for title, rows in groupby(page, key=lambda row: _title(row, order))]
    first = next((title for title, rows in groups if any(_needs_attention(row) for row in rows)), "")
    return tuple(
        Part(title, tuple(_row(row, viewer) for row in rows), needs_attention=title == first)
        for title, rows in groups
    )


def _row(row: SiteRow, viewer: Viewer) -> ListRow:
    state = row.answer.state
    return ListRow(
        key=row.site.pk,
        name=row.name,
        url=reverse("site", args=[row.name]),
        star="unstar" if row.is_starred else "star",
        is_pressed="true" if row.is_starred else "false",
        tags=row.site.tags,
        state=state.value,
        word=STATES[state] if row.was_checked else NOT_CHECKED,
        message=_message(row),
        headline=(row.head.headline or row.head.short)[:LONGEST_HEADLINE] if row.head else "",
        head=row.head,
        runs=_runs(row),
        ci=_CI[CheckState(row.seen.check_state)],
        action_button=action_in_list(row, viewer),
    )


def _runs(row: SiteRow) -> SafeString:
    running = short(row.running_sha) or "?"
    if row.head is None or row.head.sha == row.running_sha:
        return format_html("<code>{}</code>", running)
    return format_html("<code>{}</code> → <code>{}</code>", running, row.head.short)


def _message(row: SiteRow) -> str:
    if not row.was_checked:
        return "The next sync checks GitHub, the registry and the cluster."
    return "" if row.answer.state is State.CURRENT else row.answer.message


def _needs_attention(row: SiteRow) -> bool:
    return row.was_checked and row.answer.state.needs_attention


def _title(row: SiteRow, order: str) -> str:
    if row.is_starred:
        return _STARRED
    if order:
        return _BY[order.removeprefix("-")]
    if not row.was_checked:
        return NOT_CHECKED
    if _needs_attention(row):
        return _NEEDS_ATTENTION
    return STATES[State.CURRENT] if row.answer.state is State.CURRENT else "In progress or on hold"
