"""What the doctor says: a line, and what helps."""

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
    sentence: str
    remedy: str = ""
    """What to do; empty where all is well."""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def good(subject: str, sentence: str) -> Finding:
    return Finding(subject, Grade.GOOD, sentence)


def warning(subject: str, sentence: str, remedy: str) -> Finding:
    return Finding(subject, Grade.WARNING, sentence, remedy)


def bad(subject: str, sentence: str, remedy: str) -> Finding:
    return Finding(subject, Grade.BAD, sentence, remedy)
