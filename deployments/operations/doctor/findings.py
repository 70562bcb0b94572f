"""What the doctor says: a line, and a remedy."""

from dataclasses import asdict, dataclass
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


def good(subject: str, message: str) -> Finding:
    return Finding(subject, Grade.GOOD, message)


def warning(subject: str, message: str, remedy: str) -> Finding:
    return Finding(subject, Grade.WARNING, message, remedy)


def bad(subject: str, message: str, remedy: str) -> Finding:
    return Finding(subject, Grade.BAD, message, remedy)
