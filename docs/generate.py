"""`make docs`: two tables of docs/operate.md. Of the settings, names and defaults are what dashboard/settings.py reads, the words stay as
written; the mappings' table is all the model's.

A setting that is new gets a row with empty cells, which the tests refuse until someone fills them; one that is gone loses its row.
"""

import ast
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from django.db import models

CHECKOUT = Path(__file__).resolve().parent.parent
MANUAL = CHECKOUT / "docs" / "operate.md"
SETTINGS = CHECKOUT / "dashboard" / "settings.py"
READ_BY_LIBRARIES = {"GOOGLE_APPLICATION_CREDENTIALS"}
NOTHING = {"", "None", "[]"}
NO_WORDS = ["", "", "", ""]
"""Of a new row: default, example, who, what."""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    django.setup()
    manual = with_table(MANUAL.read_text(), settings_read(SETTINGS.read_text()))
    MANUAL.write_text(with_mappings(manual, mapping_rows()))


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
    return _with_rows(manual, "Settings", rows)


def mapping_rows() -> list[str]:
    """Return a row for each field of a mapping: column, default, what."""
    from deployments.models.site import mapping_fields

    return [f"| `{each.name}` | {_default(each)} | {each.help_text} |" for each in mapping_fields().values()]


def with_mappings(manual: str, rows: Iterable[str]) -> str:
    return _with_rows(manual, "Mappings", rows)


def _default(field: "models.Field[object, object]") -> str:
    if not field.has_default() and not field.blank:
        return "needed"
    return f"`{str(field.get_default()).lower()}`" if field.get_default() not in {"", None} else "empty"


def _with_rows(manual: str, heading: str, rows: Iterable[str]) -> str:
    """Return the manual with these rows in its table under that heading, whose first two lines stay."""
    section = _section(manual, heading)
    table = [line for line in section.splitlines() if line.startswith("|")]
    return manual.replace(section, section.replace("\n".join(table), "\n".join([*table[:2], *rows])))


def _section(manual: str, heading: str = "Settings") -> str:
    return manual.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def _row(name: str, words: list[str], default: str | None) -> str:
    message, *rest = words
    if default in NOTHING and ("`" in message and name != "DATABASE_URL"):
        message = "none"
    elif default is not None and default not in NOTHING:
        message = f"`{default}`"
    return f"| {' | '.join([f'`{name}`', message, *rest])} |"


def _written(default: ast.expr) -> str | None:
    try:
        value = ast.literal_eval(default)
        return ",".join(value) if value and isinstance(value, list) else str(value)
    except ValueError:
        return None


if __name__ == "__main__":
    main()
