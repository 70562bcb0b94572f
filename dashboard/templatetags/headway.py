"""Template tags and filters for what takes more than a lookup."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.utils.html import escape, format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe

from dashboard import actions, progress, site_pages
from dashboard.access import may_deploy
from dashboard.accounts.browsers import browser_named
from deployments.models import Deploy, DeployBatch, DeployStep, Status
from deployments.queries import SiteRow
from deployments.queries.hooks import Delivery
from deployments.rules.autodeploy import Go, Verdict
from deployments.rules.labels import STATES
from deployments.rules.site_state import State
from deployments.rules.times import in_zone
from deployments.rules.wording import short

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86_400
_CI = {
    "success": "CI passed",
    "failure": "CI failed",
    "pending": "CI not finished",
    "overdue": "CI not begun",
    "none": "No CI",
}
# A Deploy's end has the shape and the colour of the site's state that it resembles.
_STYLES = {
    "succeeded": "current",
    "failed": "failed",
    "timed_out": "failed",
    "cancelled": "held",
    "superseded": "unknown",
}
# What enqueue.sync is called with.
_ASKERS = {
    "person": "a person",
    "schedule": "the schedule",
    "command": "a command",
    "deploy": "a deploy that ended",
    "waiting": "a waiting deploy",
    "refusal": "a refused deploy",
    "rollout": "a rollout",
    "commits": "fetched commits",
    "mapping": "a changed mapping",
    "hook": "a hook",
    "head": "a new head or image",
}


@register.filter
def step_style(step: dict[str, Any]) -> str:
    """Return the state whose shape and colour a step has: that of its worst line."""
    grades = {each["grade"] for each in step["findings"]}
    if "bad" in grades:
        return "failed"
    return "unknown" if "warning" in grades else "current"


@register.simple_tag
def oidc_name() -> str:
    """Return what people call the provider that they log in with."""
    return str(settings.OIDC_NAME)


@register.simple_tag(takes_context=True)
def ago(context: Context, moment: datetime | None, never: str = "never") -> SafeString | str:
    """`<time>` with how long ago `moment` was, and the exact time in the viewer's zone as its title; `never` where there is none."""
    if moment is None:
        return never
    local = in_zone(moment, context["now"].tzinfo)
    message = relative((context["now"] - moment).total_seconds(), local)
    exact = f"{local:%Y-%m-%d %H:%M %Z}"
    return format_html('<time datetime="{}" title="{}">{}</time>', _iso(moment), exact, message)


@register.simple_tag(takes_context=True)
def when(context: Context, moment: datetime) -> SafeString:
    """`<time>` with the moment itself, in the viewer's zone: `Mon 30 Nov 2026, 09:00 CET`."""
    local = in_zone(moment, context["now"].tzinfo)
    message = f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z}"
    return format_html('<time datetime="{}" data-exact>{}</time>', _iso(moment), message)


def _iso(moment: datetime) -> str:
    return f"{in_zone(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"


def relative(seconds: float, moment: datetime) -> str:
    """`3 min ago`, `in 2 h`; the date itself when it lies more than 30 days away. components/times.js says the same."""
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
def action_button(context: Context, row: SiteRow) -> actions.ActionButton | None:
    """Return the button for the viewer's next action on this site."""
    return actions.action_for(row, actions.viewer_of(context["request"], context.get("system_status")))


@register.filter
def word(state: str) -> str:
    """Return a state as people say it."""
    return STATES[State(state)]


@register.filter
def ci_word(check_state: str) -> str:
    """Return a commit's check state as people say it."""
    return _CI.get(check_state, "CI not known")


register.filter("short", short)


@register.filter
def breakable(host: str) -> SafeString:
    """Return a host that wraps after a dot, not within a word."""
    return mark_safe(escape(host).replace(".", ".<wbr>"))  # noqa: S308  escaped


@register.filter
def message(verdict: Verdict) -> str:
    """Return whether automation is on for a site, and what it makes of it, in the sync's own words."""
    if isinstance(verdict, Go):
        return f"on. The next sync deploys {short(verdict.sha)}."
    off = verdict.reason.removeprefix("Auto-deploy is ")
    return off if off != verdict.reason else f"on. {verdict.reason}"


@register.filter
def style_of(deploy: Deploy) -> str:
    """Return the state whose shape and colour fit this Deploy."""
    return _STYLES.get(deploy.status, "deploying")


@register.filter
def can_be_cancelled(deploy: Deploy) -> bool:
    """Return whether it has changed no workload yet."""
    unsent = {Status.QUEUED, Status.RELEASING}
    return deploy.status == Status.WAITING or (deploy.status in unsent and deploy.patch_sent_at is None)


@register.filter
def step_message(step: DeployStep) -> str:
    """Return a step's status, in words."""
    if step.message:
        return str(step.message)
    if step.patched_at:
        return "The cluster accepted the change."
    return "Not changed yet." if step.deploy.is_active else "Not changed."


@register.filter
def batch_style(batch: DeployBatch) -> str:
    """Return the state whose shape and colour fit this batch."""
    styles = {"running": "deploying", "done": "current", "stopped": "failed", "cancelled": "held"}
    return styles[batch.state]


@register.filter
def result_style(result: str) -> str:
    """Return the state whose shape and colour fit a sync that ended so."""
    return {"good": "current", "running": "deploying", "failed": "failed"}.get(result, "unknown")


@register.filter
def asker(trigger: str) -> str:
    """Return who or what requested a sync, in words."""
    return _ASKERS.get(trigger, trigger)


@register.filter
def delivery_style(delivery: Delivery) -> str:
    """Return the state whose shape and colour fit what came of a hook."""
    if not delivery.is_of_use:
        return "held"
    return "deploying" if delivery.is_waiting else "current"


@register.filter
def kind_word(kind: str) -> str:
    """Return what a sync made of a site as people say it."""
    return "Up to date" if kind == "current" else kind.replace("-", " ").capitalize()


@register.filter
def seconds(span: timedelta) -> str:
    """`2.5 s`, `75 s`."""
    length = span.total_seconds()
    return f"{length:.1f} s" if length < MINUTE else f"{length:.0f} s"


@register.filter
def plain(html: str) -> str:
    """Return a help text without its tags, a list's lines as sentences."""
    return strip_tags(html.replace("</li>", " ")).strip()


register.filter("browser", browser_named)
register.filter("may_deploy", may_deploy)
register.filter("steps", progress.steps_of)
register.filter("pods", progress.pods_of)
register.filter("timeline", progress.timeline_of)
register.filter("edit_url", actions.edit_url)
register.filter("pages_about", site_pages.pages_about)
register.filter("mapped_parts", site_pages.mapped_parts)
register.filter("site_address", site_pages.site_address)
register.filter("pods_shown", site_pages.pods_shown)
register.filter("pod_style", site_pages.pod_style)


@register.filter
def tone(message: Any) -> str:
    """Return whether a message reports a failure."""
    return "alert" if message.level_tag == "error" else "status"


@register.simple_tag
def github(path: str) -> str:
    """Return the address of a page of the GitHub that is watched: `owner/repository`, or below it."""
    return f"{settings.GITHUB_URL.rstrip('/')}/{path}"
