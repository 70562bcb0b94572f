"""`make docs`: the settings' table of docs/operate.md. Names and defaults are what dashboard/settings.py reads, the words stay as written.

A setting that is new gets a row with empty cells, which the tests refuse until somebody fills them; one that is gone loses its row.
"""

import ast
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
MANUAL = CHECKOUT / "docs" / "operate.md"
SETTINGS = CHECKOUT / "dashboard" / "settings.py"
READ_BY_LIBRARIES = {"GOOGLE_APPLICATION_CREDENTIALS"}
NOTHING = {"", "None", "[]"}
NO_WORDS = ["", "", "", ""]
"""Of a new row: default, example, who, what."""


def main() -> None:
    MANUAL.write_text(with_table(MANUAL.read_text(), settings_read(SETTINGS.read_text())))


def settings_read(source: str) -> dict[str, str | None]:
    """Return each variable's default as the source writes it; None where it is computed."""
    found: dict[str, str | None] = {}
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="env")), args=[ast.Constant(value=str(name)), *rest]
            ):
                if name.isupper() and found.get(name) is None:
                    found[name] = _written(rest[0]) if rest else None
    return found


def rows_of(manual: str) -> list[list[str]]:
    """Return the cells of every row of the table: variable, default, example, who, what."""
    lines = [line for line in _section(manual).splitlines() if line.startswith("|")]
    return [line[2:-2].split(" | ") for line in lines[2:]]


def with_table(manual: str, read: dict[str, str | None]) -> str:
    """Return the manual with a row for each setting that is read, in the order in which they stand there."""
    words = {name.strip("`"): cells for name, *cells in rows_of(manual)}
    names = [name for name in words if name in read or name in READ_BY_LIBRARIES]
    names += [name for name in read if name not in words]
    rows = [_row(name, words.get(name, NO_WORDS), read.get(name)) for name in names]
    section = _section(manual)
    table = [line for line in section.splitlines() if line.startswith("|")]
    return manual.replace(section, section.replace("\n".join(table), "\n".join([*table[:2], *rows])))


def _section(manual: str) -> str:
    return manual.partition("## Settings")[2].partition("\n## ")[0]


def _row(name: str, words: list[str], default: str | None) -> str:
    message, *rest = words
    if default in NOTHING and ("`" in message and name != "DATABASE_URL"):
        message = "none"
    elif default is not None and default not in NOTHING:
        message = f"`{default}`"
    return f"| {' | '.join([f'`{name}`', message, *rest])} |"


def _written(default: ast.expr) -> str | None:
    try:
        return str(ast.literal_eval(default))
    except ValueError:
        return None


if __name__ == "__main__":
    main()
