"""The commands that the manual and the README show: each indented or fenced block, line by line."""

import re
from pathlib import Path

PROGRAMS = (
    *("make", "kubectl", "docker", "export", "git", "cd", "cp", "${EDITOR:-vi}"),
    *(".venv/bin/python", "python", "gunicorn", "CREATE", "REVOKE"),
)
_BLOCK = re.compile(r"(?:^(?: {4}|\t)\S.*\n(?:(?: {4}|\t).*\n|\n(?= {4}))*)", re.MULTILINE)


def section(page: Path, heading: str) -> str:
    """Return the text below a heading, up to the next of any level."""
    return re.split(r"\n#{2,} ", page.read_text().partition(f"# {heading}\n")[2])[0]


def commands(text: str) -> list[str]:
    """Return every command of the text's indented blocks: continued lines joined, comments behind them left out."""
    joined = re.sub(r" *\\\n +", " ", "".join(_BLOCK.findall(text)))
    lines = [re.sub(r" +# .*$", "", line).strip() for line in joined.splitlines()]
    return [line for line in lines if line.startswith(tuple(f"{each} " for each in PROGRAMS))]
