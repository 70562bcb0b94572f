"""A CSV file of mappings as people and spreadsheets write it: UTF-8, a heading line, each known column once."""

import csv
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from io import StringIO

SPREADSHEETS_WORD = "Save it as CSV in UTF-8."
OTHER_SEPARATORS = (";", "\t")


class UnableToReadTable(Exception):
    """What is wrong with the file, or with one of its lines."""


def rows_of(
    data: bytes, *, columns: Collection[str], aliases: Mapping[str, str]
) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Yield the number of each line and its cells by column, without the spaces around them; empty lines are left out.

    A line that is too short lacks its last columns; one with more cells than the heading line is None. Raises UnableToReadTable.
    """
    # Lines as CSV has them: str.splitlines() would end one at U+2028, too, which a branch's name can have.
    reader = csv.reader(StringIO(_decoded(data), newline=""))
    try:
        names = [aliases.get(name.strip(), name.strip()) for name in next(reader, [])]
        _check(names, columns)
        for cells in reader:
            values = [each.strip() for each in cells]
            if any(values[len(names) :]) or any(_of_no_column(names, values)):
                yield reader.line_num, None
            elif any(values):
                row = {name: value for name, value in zip(names, values, strict=False) if name}
                yield reader.line_num, row
    except csv.Error as error:
        raise UnableToReadTable(f"line {reader.line_num}: It cannot be read as CSV: {error}.") from error


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnableToReadTable(f"It is not in UTF-8. {SPREADSHEETS_WORD}") from error
    if "\0" in text:
        raise UnableToReadTable(f"It has a NUL character. {SPREADSHEETS_WORD}")
    return text


def _check(names: list[str], columns: Collection[str]) -> None:
    """A column without a name is let be, as spreadsheets leave them behind; see `_of_no_column`."""
    named = [name for name in names if name]
    known = ", ".join(columns)
    if not named:
        raise UnableToReadTable(f"It has no heading line. The columns are: {known}.")
    if unknown := sorted(set(named) - set(columns)):
        separated = any(each in name for name in unknown for each in OTHER_SEPARATORS)
        hint = "Separate columns by commas. " if separated else ""
        raise UnableToReadTable(f"Unknown columns: {', '.join(unknown)}. {hint}There are: {known}.")
    if twice := sorted(name for name, count in Counter(named).items() if count > 1):
        raise UnableToReadTable(f"These columns are there twice: {', '.join(twice)}.")


def _of_no_column(names: list[str], values: list[str]) -> Iterator[str]:
    yield from (value for name, value in zip(names, values, strict=False) if not name)
