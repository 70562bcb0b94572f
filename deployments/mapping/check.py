"""What a worker answered about a saved mapping: waited for shortly, then shown beside each field."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from deployments.models import MappingCheck, Site
from deployments.queries.metrics_data import is_worker_silent
from deployments.rules.wording import sentences

WAIT_SECONDS = 2
ASK_EVERY_SECONDS = 0.1
CHECKED_FIELDS = ("repository", "branch", "release_job", "image_template", "moving_tag")


def wait_for_answer(site_id: int, *, now: datetime) -> MappingCheck | None:
    """The answer, if it comes within two seconds; where no worker has been seen lately, it is not waited for."""
    until = monotonic() + (0 if is_worker_silent(now=now) else WAIT_SECONDS)
    while True:
        check = MappingCheck.objects.filter(site_id=site_id).first()
        if check is None or check.answered_at:
            return check
        if monotonic() >= until:
            return None
        sleep(ASK_EVERY_SECONDS)


def is_unanswered(site: Site) -> bool:
    check = _check(site)
    return check is not None and check.answered_at is None


def is_problem(finding: dict[str, Any]) -> bool:
    return finding.get("grade") != "good"


def findings_in(check: MappingCheck | None) -> list[dict[str, Any]]:
    """Those that can be read: another version may have written the others."""
    rows = check.findings if check and isinstance(check.findings, list) else []
    return [each for each in rows if isinstance(each, dict)]


def findings_about(site: Site, subject: str) -> list[dict[str, Any]]:
    """What was answered about a field, or about the workload at a place."""
    return [each for each in findings_in(_check(site)) if each.get("subject") == subject]


def in_words(site: Site, findings: Iterable[dict[str, Any]]) -> SafeString:
    """Each finding with its remedy, and how old they are; nothing where there is none."""
    rows = [(" data-problem" if is_problem(each) else "", _sentence(each)) for each in findings]
    check = _check(site)
    if not rows or check is None or check.answered_at is None:
        return SafeString()
    found = format_html_join(" ", "<span{}>{}</span>", rows)
    return format_html("{} Checked {}.", found, ago(check.answered_at))


def ago(moment: datetime) -> str:
    if timezone.now() - moment < timedelta(minutes=1):
        return "just now"
    return f"{timesince(moment, depth=1)} ago"


def show_beside(field: forms.Field, name: str, site: Site) -> None:
    """Put what was answered about a field below its help."""
    message = in_words(site, findings_about(site, name))
    field.help_text = format_html(
        '{}<span id="checked-{}" class="checked" data-live>{}</span>', field.help_text, name, message
    )


def _sentence(finding: dict[str, Any]) -> str:
    return sentences(str(finding.get("message") or ""), str(finding.get("remedy") or ""))


def _check(site: Site) -> MappingCheck | None:
    return getattr(site, "mapping_check", None) if site.pk else None
