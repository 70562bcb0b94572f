"""When a file passes 300 lines, an idea in it wants its own name (CONTRIBUTING.md)."""

import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
MOST_LINES = 300
WRITTEN_BY_HAND = (".py", ".css", ".js", ".html", ".sh")
MAY_BE_LONGER = (
    # Columns of cases: the next incident is the next line.
    "tests/",
    # Written by Django, and never changed again.
    "deployments/migrations/",
)


def source_files() -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    return [
        name
        for name in listed.splitlines()
        if name.endswith(WRITTEN_BY_HAND)
        and not name.startswith(MAY_BE_LONGER)
        and (CHECKOUT / name).exists()
    ]


def test_no_file_passes_300_lines() -> None:
    lines = {name: len((CHECKOUT / name).read_text().splitlines()) for name in source_files()}

    assert lines["dashboard/urls.py"] > 0
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}
