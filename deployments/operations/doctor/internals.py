"""Internals: settings, the database and its migrations, the clock, a worker."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.core.checks import run_checks
from django.db import DatabaseError, connection

from deployments.clients.registry.addresses import is_loopback
from deployments.models import Examination
from deployments.operations.doctor.findings import Finding, bad, good, warning
from deployments.queries.metrics_data import WORKER_IS_SILENT_AFTER, last_tick
from deployments.queries.migrations import missing_migrations

CLOCKS_APART_SECONDS = 5
PROXY_SEEN_LATELY = timedelta(hours=2)
"""Web notes it once an hour."""


def settings_are_sound() -> Iterator[Finding]:
    """Django's own system checks and ours, each with its hint; those for an installation only where others can open it."""
    is_open = not is_loopback(settings.PUBLIC_URL)
    found = [each for each in run_checks(include_deployment_checks=is_open) if not each.is_silenced()]
    for each in found:
        say = bad if each.is_serious() else warning
        yield say("Settings", each.msg.splitlines()[0], each.hint or "See docs/operate.md.")
    if not found:
        yield good(
            "Settings", f"They can be read, and match {'production' if is_open else 'this machine alone'}."
        )


def database_answers() -> Iterator[Finding]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version')")
            (version,) = cursor.fetchone()
        missing = len(missing_migrations())
    except DatabaseError as error:
        yield bad(
            "Database",
            f"It does not answer: {error}".strip(),
            "Check DATABASE_URL, and that PostgreSQL runs.",
        )
        return
    if missing:
        yield bad("Database", f"PostgreSQL {version} lacks {missing} migrations.", "Run `manage.py upgrade`.")
    else:
        yield good("Database", f"PostgreSQL {version} answers, and has every migration.")


def clock_is_right(*, now: datetime) -> Iterator[Finding]:
    """Compare with the database's clock: Holds, schedules and the queue count on both."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (theirs,) = cursor.fetchone()
    apart = abs((theirs - now).total_seconds())
    if apart > CLOCKS_APART_SECONDS:
        message = f"This machine's clock and the database's are {apart:.0f} s apart."
        yield bad("Clock", message, "Set both by NTP (chrony, systemd-timesyncd).")
    else:
        yield good("Clock", "This machine's clock and the database's agree.")


def worker_is_alive(*, now: datetime) -> Iterator[Finding]:
    tick = last_tick()
    remedy = "Start `manage.py worker`. If one runs, read its log; it exits when it is stuck."
    if tick is None:
        yield bad("Worker", "No heartbeat yet.", remedy)
        return
    silence = (now - tick).total_seconds()
    if now - tick > WORKER_IS_SILENT_AFTER:
        yield bad("Worker", f"Last heartbeat {silence / 60:.0f} minutes ago.", remedy)
    else:
        yield good("Worker", f"Last heartbeat {max(silence, 0):.0f} s ago.")


def proxies_are_trusted(*, now: datetime) -> Iterator[Finding]:
    """Warn where web sees a proxy that it is not configured to trust; nothing otherwise."""
    seen_at = Examination.latest().untrusted_proxy_at
    if seen_at is not None and now - seen_at < PROXY_SEEN_LATELY:
        yield warning(
            "Proxies",
            "Requests arrive with X-Forwarded-For, and TRUSTED_PROXIES is 0: the audit and the limit of logins see "
            "the proxy's address for everyone.",
            "Set TRUSTED_PROXIES to the number of proxies in front of web, 1 behind an Ingress. If there is none, "
            "someone sends the header themselves: nothing follows from it.",
        )
