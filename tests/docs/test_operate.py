"""docs/operate.md names every setting, with the default and an example that the code agrees to."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
MANUAL = (CHECKOUT / "docs" / "operate.md").read_text()
READ_BY_LIBRARIES = {"GOOGLE_APPLICATION_CREDENTIALS"}
NOTHING = {"", "None", "[]"}


def table() -> list[list[str]]:
    """Return the cells of every row of the settings' table: variable, default, example, who, what."""
    section = MANUAL.partition("## Settings")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [row[2:-2].split(" | ") for row in rows[2:]]


def documented() -> dict[str, list[str]]:
    """Return the table's cells by variable: default, example, who, what."""
    return {name.strip("`"): cells for name, *cells in table()}


def read_by_the_code() -> dict[str, str | None]:
    """Return each variable's default as the source writes it; None where it is computed."""
    found: dict[str, str | None] = {}
    for node in ast.walk(ast.parse((CHECKOUT / "dashboard" / "settings.py").read_text())):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="env")), args=[ast.Constant(value=str(name)), *rest]
            ):
                if name.isupper() and found.get(name) is None:
                    found[name] = _written(rest[0]) if rest else None
    return found


def _written(default: ast.expr) -> str | None:
    try:
        return str(ast.literal_eval(default))
    except ValueError:
        return None


@pytest.mark.parametrize("row", table(), ids=lambda row: row[0].strip("`"))
def test_every_row_has_its_five_cells(row: list[str]) -> None:
    assert len(row) == 5
    name, default, example, who, what = row
    assert re.fullmatch("`[A-Z_]+`", name)
    assert default
    assert re.fullmatch("`.+`", example)
    assert who in {"web", "worker", "both"}
    assert what


def test_no_setting_stands_in_the_table_twice() -> None:
    names = [name for name, *_ in table()]

    assert sorted(set(names)) == sorted(names)


def test_the_table_has_every_setting_and_no_other() -> None:
    assert set(documented()) - READ_BY_LIBRARIES == set(read_by_the_code())


@pytest.mark.parametrize("name", sorted(read_by_the_code()))
def test_the_default_is_the_code_s(name: str) -> None:
    default = read_by_the_code()[name]
    said = documented()[name][0]

    if default in NOTHING:
        assert "`" not in said or name == "DATABASE_URL"
    elif default is not None:
        assert said == f"`{default}`"


def test_every_example_can_be_read() -> None:
    examples = {name: re.sub(r"^`|`$", "", cells[1]) for name, cells in documented().items()}
    code = "import sys; from dashboard import settings; print(settings.ENVIRONMENT_PROBLEMS)"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, env={"PATH": os.environ["PATH"]} | examples,
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.stdout.strip() == "{}", done.stderr


@pytest.mark.parametrize("command", sorted(set(re.findall(r"manage\.py (\w+)", MANUAL))))
def test_every_command_it_names_is_there(command: str) -> None:
    from django.core.management import get_commands

    assert command in get_commands()


@pytest.mark.parametrize(
    "folder", sorted(set(re.findall(r"`((?:overlays|components)/[\w-]+|base)`", MANUAL)))
)
def test_every_folder_it_names_is_there(folder: str) -> None:
    assert (CHECKOUT / "k8s" / folder / "kustomization.yaml").exists()
