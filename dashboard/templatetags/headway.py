"""What the templates say that takes more than a lookup."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard import offers, progress
from deployments.models import Deploy
from deployments.queries import SiteRow
from deployments.rules.site_state import State

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86_400
_WORDS = {State.MISSING: "Not found", State.RED: "CI red", State.CURRENT: "Up to date"}
BROKEN = frozenset({State.FAILED, State.DRIFTED, State.MISSING, State.UNKNOWN})
# A Deploy's end has the shape and the colour of the site's state that it resembles.
_LOOKS = {
    "succeeded": "current",
    "failed": "failed",
    "timed_out": "failed",
    "cancelled": "held",
    "superseded": "unknown",
}


@register.simple_tag(takes_context=True)
def ago(context: Context, moment: datetime | None, never: str = "never") -> SafeString | str:
    """`<time>` with how long ago `moment` was, and the exact time in UTC as its title; `never` where there is none."""
    if moment is None:
        return never
    utc = moment.astimezone(UTC)
    said = relative((context["now"] - moment).total_seconds(), utc)
    iso, exact = f"{utc:%Y-%m-%dT%H:%M:%SZ}", f"{utc:%Y-%m-%d %H:%M} UTC"
    return format_html('<time datetime="{}" title="{}">{}</time>', iso, exact, said)


def relative(seconds: float, moment: datetime) -> str:
    """`3 min ago`, `in 2 h`; the date itself when it lies more than 30 days away. headway.js says the same."""
    size = abs(seconds)
    if size < MINUTE:
        return "just now"
    if size > 30 * DAY:
        return f"{moment.day} {moment:%b %Y}"
    length, unit = next(
        (length, unit) for length, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")) if size >= length
    )
    span = f"{int(size // length)} {unit}"
    return f"{span} ago" if seconds > 0 else f"in {span}"


@register.simple_tag(takes_context=True)
def offer(context: Context, row: SiteRow) -> offers.Offer | None:
    """Return the button that helps whoever looks at this site."""
    house = context.get("house")
    viewer = offers.Viewer(
        may_deploy=bool(context.get("may_deploy")),
        may_edit=context["request"].user.is_staff,
        holds=house.holds if house else (),
    )
    return offers.offer_for(row, viewer)


@register.filter
def word(state: str) -> str:
    """Return a state as people say it."""
    return _WORDS.get(State(state), state.capitalize())


@register.filter
def looks_like(deploy: Deploy) -> str:
    """Return the state whose shape and colour fit this Deploy."""
    return _LOOKS.get(deploy.status, "deploying")


register.filter("steps", progress.steps_of)
register.filter("pods", progress.pods_of)
register.filter("told", progress.told_of)
register.filter("edit_url", offers.edit_url)
register.filter("needs_you", offers.needs_you)


@register.filter
def tone(message: Any) -> str:
    """Return whether a message tells of something that went wrong."""
    return "alert" if message.level_tag == "error" else "status"


@register.simple_tag
def github(path: str) -> str:
    """Return the address of a page of the GitHub that is watched: `owner/repository`, or below it."""
    api = urlsplit(settings.GITHUB_API_URL)
    origin = "https://github.com" if api.hostname == "api.github.com" else f"{api.scheme}://{api.netloc}"
    return f"{origin}/{path}"


@register.filter
def grouped(rows: Iterable[SiteRow]) -> list[tuple[str, list[SiteRow]]]:
    """Return the parts of the list, each with its title; the order of the rows keeps each part together."""
    return [(title, list(part)) for title, part in groupby(rows, key=_part)]


def _part(row: SiteRow) -> str:
    if row.answer.state in BROKEN:
        return "Needs you"
    return "Up to date" if row.answer.state == State.CURRENT else "Behind"
