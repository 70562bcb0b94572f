"""How commands print: for a person, or as JSON for a program. Both say the same."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.management.base import OutputWrapper
from django.core.serializers.json import DjangoJSONEncoder


def print_json(stdout: OutputWrapper, value: Any) -> None:
    stdout.write(json.dumps(value, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False))


def print_table(stdout: OutputWrapper, rows: Sequence[Mapping[str, Any]], *, columns: Sequence[str]) -> None:
    """Print one line per row, its columns aligned; an empty value prints as a dash."""
    lines = [[str(row[column] or "-") for column in columns] for row in rows]
    table = [[column.upper() for column in columns], *lines]
    widths = [max(len(line[index]) for line in table) for index in range(len(columns))]
    for line in table:
        stdout.write("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
