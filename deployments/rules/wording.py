"""Wording helpers that sentences for people share."""

import re
from datetime import datetime, timedelta

# ECMA-48: control sequences such as colours, and operating system commands such as a window's title.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# What differs from one report of the same problem to the next: pods' suffixes, ids, ephemeral ports, and how long it lasts.
_PASSING = re.compile(
    r"(?<=-)[bcdfghjklmnpqrstvwxz2456789]{5}\b"
    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|\b[0-9a-f]{64}\b"
    r"|(?<=\d):\d{4,5}(?=->)"
    r"|\b\d+ (?:day|hour|minute|second)s?\b"
)
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def counted(number: int, noun: str) -> str:
    """`1 commit`, `12 commits`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def some_of(part: int, whole: int, noun: str) -> str:
    """`1 of 1 pod is`, `0 of 1 pods is`, `2 of 3 pods are`: subject and verb of a sentence."""
    named = noun if part == whole == 1 else f"{noun}s"
    return f"{part} of {whole} {named} {'is' if 1 in (part, whole) else 'are'}"


def creating(part: int, whole: int) -> str:
    """`Creating the new pods (1 of 3).`"""
    return f"Creating the new {'pod' if whole == 1 else 'pods'} ({part} of {whole})."


def waiting_for(part: int, whole: int) -> str:
    """`Waiting for the new pod (0 of 1 ready).`"""
    return f"Waiting for the new {'pod' if whole == 1 else 'pods'} ({part} of {whole} ready)."


def duration(time: timedelta) -> str:
    """The time in its largest whole unit, such as `3 hours`; never less than `1 second`."""
    seconds = max(1, int(time.total_seconds()))
    size, noun = next(unit for unit in _UNITS if seconds >= unit[0])
    return counted(seconds // size, noun)


def moment(time: datetime) -> str:
    """Date and time with the zone they are in, such as `30 November 2026, 09:00 UTC`."""
    return f"{time.day} {time:%B %Y, %H:%M %Z}".rstrip()


def short(sha: str) -> str:
    """A commit as people read it: its first seven digits."""
    return sha[:7]


def sentences(*parts: str) -> str:
    """The given parts as one text, each ended with a full stop; empty ones are left out."""
    stripped = (part.strip() for part in parts)
    return " ".join(part if part.endswith((".", "?", "…")) else f"{part}." for part in stripped if part)


def printable(text: str) -> str:
    """The text without terminals' escape sequences, control characters but for line breaks and tabs, and halves of characters.

    PostgreSQL takes neither NULs nor halves.
    """
    return _CONTROLS.sub("", _ESCAPES.sub("", text.replace("\r\n", "\n")))


def is_same_news(one: str, other: str) -> bool:
    """Whether both say the same but for pods' names, ids and times, which differ with each report."""
    return _PASSING.sub("", one) == _PASSING.sub("", other)
