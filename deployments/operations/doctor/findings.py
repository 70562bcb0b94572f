"""What the doctor says: a line, and a remedy."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum


class Grade(StrEnum):
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    subject: str
    """What was asked, like `GitHub`."""
    grade: Grade
    message: str
    remedy: str = ""
    """What to do; empty where all is well."""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def merged(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Those that say the same as one, whose subject is the first one's: a wrong token is one trouble, not one of each site's."""
    alike: dict[tuple[Grade, str, str], list[Finding]] = {}
    for each in findings:
        alike.setdefault((each.grade, each.message, each.remedy), []).append(each)
    for first, *others in alike.values():
        more = f" and {len(others)} more" if others else ""
        yield replace(first, subject=f"{first.subject}{more}")


def good(subject: str, message: str) -> Finding:
    return Finding(subject, Grade.GOOD, message)


def warning(subject: str, message: str, remedy: str) -> Finding:
    return Finding(subject, Grade.WARNING, message, remedy)


def bad(subject: str, message: str, remedy: str) -> Finding:
    return Finding(subject, Grade.BAD, message, remedy)
