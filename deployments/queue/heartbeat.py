"""The worker's sign of life: a file touched when a task has come to its end, and one does every 30 s. A probe looks at its age, and so does the watchdog."""

from pathlib import Path
from time import time


def beat(file: Path) -> None:
    """Touch the file, making its folder first."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()


def age_seconds(file: Path) -> float:
    """Seconds since the last beat; infinite where there was none."""
    try:
        return time() - file.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
