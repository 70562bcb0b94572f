"""The list's rows as its template needs them: everything worked out, since a template is slow at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.core.paginator import Page, Paginator
from django.urls import reverse

from dashboard.actions import ActionButton, Viewer, action_in_list
from deployments.queries import Commit, SiteRow
from deployments.rules.labels import NOT_CHECKED, STATES
from deployments.rules.site_state import State

PER_PAGE = 100
_NEEDS_ATTENTION = "Needs attention"


@dataclass(frozen=True)
class ListRow:
    key: int
    name: str
    url: str
    state: str
    word: str
    message: str
    """Empty where the state says it all."""
    head: Commit | None
    action_button: ActionButton | None


@dataclass(frozen=True)
class Part:
    """Rows under one title."""

    title: str
    rows: tuple[ListRow, ...]
    needs_attention: bool


def page_of(rows: Sequence[SiteRow], number: str) -> Page[SiteRow]:
    """Return 100 rows at most; the nearest page there is where `number` names none."""
    return Paginator(rows, PER_PAGE).get_page(number)


def parts_of(page: Page[SiteRow], viewer: Viewer) -> tuple[Part, ...]:
    """Return the rows of a page under their titles; their order keeps each part together."""
    return tuple(
        Part(title, tuple(_row(row, viewer) for row in rows), needs_attention=title == _NEEDS_ATTENTION)
        for title, rows in groupby(page, key=_title)
    )


def _row(row: SiteRow, viewer: Viewer) -> ListRow:
    state = row.answer.state
    return ListRow(
        key=row.site.pk,
        name=row.name,
        url=reverse("site", args=[row.name]),
        state=state.value,
        word=STATES[state] if row.was_checked else NOT_CHECKED,
        message=_message(row),
        head=row.head,
        action_button=action_in_list(row, viewer),
    )


def _message(row: SiteRow) -> str:
    if not row.was_checked:
        return "The next sync checks GitHub, the registry and the cluster."
    return "" if row.answer.state is State.CURRENT else row.answer.message


def _title(row: SiteRow) -> str:
    if not row.was_checked:
        return NOT_CHECKED
    if row.answer.state.needs_attention:
        return _NEEDS_ATTENTION
    return STATES[State.CURRENT] if row.answer.state is State.CURRENT else "In progress or on hold"
