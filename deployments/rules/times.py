"""External timestamps, bounded where they enter, so that computing with one, storing it or showing it cannot fail.

Python ends with the year 9999 and PostgreSQL much later: a time near either end that is moved into another zone raises.
"""

from datetime import UTC, datetime, timedelta, tzinfo

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
LONGEST_WAIT = timedelta(days=1)
"""For how long we let anyone outside make us wait: GitHub's windows are an hour long."""
CLOCKS_DIFFER = timedelta(seconds=5)
"""How far another system's clock may be from ours, the part of a second that it leaves out included."""
OUT_OF_RANGE = f"Choose a time between {EARLIEST.year} and {LATEST.year - 1}."


def is_in_range(time: datetime) -> bool:
    """Whether a time is one that can be stored: from EARLIEST to before LATEST. A time without a zone is not."""
    return time.utcoffset() is not None and EARLIEST <= time < LATEST


def bounded(time: datetime | None) -> datetime | None:
    """The time in UTC, which one without a zone is taken for; None when it lies outside the range."""
    if time is None:
        return None
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return aware.astimezone(UTC) if is_in_range(aware) else None


def parse_time(text: object) -> datetime | None:
    """An RFC 3339 time, as GitHub, Kubernetes and PostgreSQL's JSON write it; None for what is invalid or outside the range."""
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return bounded(time) if time.tzinfo else None


def parse_timestamp(seconds: object) -> datetime | None:
    """Seconds since 1970, in digits; None for what is invalid or outside the range."""
    try:
        return bounded(datetime.fromtimestamp(int(str(seconds)), UTC))
    except (ValueError, OverflowError, OSError):
        return None


def parse_wait(seconds: object) -> timedelta | None:
    """A wait in whole seconds, as in Retry-After; None for what is invalid or longer than LONGEST_WAIT."""
    text = str(seconds).strip()
    if not text.isascii() or not text.isdigit() or len(text) > len(str(LONGEST_WAIT // timedelta(seconds=1))):
        return None
    wait = timedelta(seconds=int(text))
    return wait if wait <= LONGEST_WAIT else None


def in_zone(time: datetime, zone: tzinfo | None) -> datetime:
    """The time as clocks show it in that zone; as it was where no calendar reaches so far."""
    try:
        return time.astimezone(zone)
    except (OverflowError, ValueError):
        return time
