"""The viewer's time zone: the browser sends it in a cookie (components/times.js); where it does not, times are UTC and say so."""

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest
from django.utils import timezone

COOKIE = "tz"
MORNING, EVENING = time(9), time(18)
DAYS_IN_WEEK = 7
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")


def timezone_named(name: str) -> tzinfo:
    """Return the zone of the IANA database with this name; UTC where there is none."""
    if len(name) > 64 or not _NAME.fullmatch(name):  # noqa: PLR2004  longer than any zone's name
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def now_for(request: HttpRequest) -> datetime:
    """Return the present time, in the viewer's zone."""
    return timezone.now().astimezone(timezone_named(request.COOKIES.get(COOKIE, "").replace("%2F", "/")))


def this_evening(now: datetime) -> datetime:
    return _at(now, EVENING, days=0)


def tomorrow_morning(now: datetime) -> datetime:
    return _at(now, MORNING, days=1)


def monday_morning(now: datetime) -> datetime:
    """Return the next Monday at 9:00 that is still to come, in the zone of `now`."""
    monday = _at(now, MORNING, days=-now.weekday())
    return monday if monday > now else _at(now, MORNING, days=DAYS_IN_WEEK - now.weekday())


def _at(now: datetime, hour: time, *, days: int) -> datetime:
    return datetime.combine(now.date() + timedelta(days=days), hour, now.tzinfo)
