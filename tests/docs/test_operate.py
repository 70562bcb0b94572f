"""docs/operate.md names every setting, with the default and an example that the code agrees to."""

import json
import os
import re
import subprocess
import sys

import pytest

from docs.generate import CHECKOUT, SETTINGS, mapping_rows, rows_of, settings_read, with_mappings, with_table
from docs.generate import MANUAL as MANUAL_FILE

MANUAL = MANUAL_FILE.read_text()


@pytest.mark.parametrize("row", rows_of(MANUAL), ids=lambda row: row[0].strip("`"))
def test_every_row_has_its_five_cells(row: list[str]) -> None:
    assert len(row) == 5
    name, default, example, who, what = row
    assert re.fullmatch("`[A-Z_]+`", name)
    assert default
    assert re.fullmatch("`.+`", example)
    assert who in {"web", "worker", "both"}
    assert what


def test_no_setting_is_in_the_table_twice() -> None:
    names = [name for name, *_ in rows_of(MANUAL)]

    assert sorted(set(names)) == sorted(names)


def test_the_table_is_what_the_settings_say() -> None:
    assert with_table(MANUAL, settings_read(SETTINGS.read_text())) == MANUAL, (
        "Run `make docs`, and fill new rows."
    )


def test_a_new_setting_an_old_one_and_another_default_are_seen() -> None:
    read = settings_read(SETTINGS.read_text())
    read |= {"NEW": "1", "STABILITY_SECONDS": "31", "GITHUB_TOKEN": ""}
    del read["PING_URL"]

    rows = {name.strip("`"): cells for name, *cells in rows_of(with_table(MANUAL, read))}

    assert rows["NEW"] == ["`1`", "", "", ""]
    assert rows["STABILITY_SECONDS"][0] == "`31`"
    assert rows["GITHUB_TOKEN"][0] == "none"
    assert "PING_URL" not in rows


def test_the_mappings_table_is_what_the_model_says() -> None:
    assert with_mappings(MANUAL, mapping_rows()) == MANUAL, "Run `make docs`."


def test_a_mapping_s_new_field_and_an_old_one_are_seen() -> None:
    rows = ["| `new` | needed | Something new. |", *mapping_rows()[1:]]

    manual = with_mappings(MANUAL, rows)

    assert rows[0] in manual
    assert mapping_rows()[0] not in manual
    assert rows_of(manual) == rows_of(MANUAL)


def test_every_example_can_be_read() -> None:
    examples = {name.strip("`"): example.strip("`") for name, _, example, *_ in rows_of(MANUAL)}
    code = "import sys; from dashboard import settings; print(settings.ENVIRONMENT_PROBLEMS)"

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"]} | examples,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.strip() == "{}", done.stderr


def test_a_variable_without_a_value_means_its_default() -> None:
    """As an environment file has it whose lines end with “=”."""
    names = [name.strip("`") for name, *_ in rows_of(MANUAL)]
    code = (
        "import json, sys; from dashboard import settings\n"
        "print(json.dumps({name: str(getattr(settings, name, None)) for name in sys.argv[1:]}))"
    )

    def read(env: dict[str, str]) -> dict[str, str]:
        shown = subprocess.run(
            [sys.executable, "-c", code, *names, "ENVIRONMENT_PROBLEMS"],
            cwd=CHECKOUT,
            env={"PATH": os.environ["PATH"]} | env,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        values: dict[str, str] = json.loads(shown)
        return values

    assert read(dict.fromkeys(names, "")) == read({})


@pytest.mark.parametrize("command", sorted(set(re.findall(r"manage\.py (\w+)", MANUAL))))
def test_every_command_it_names_is_there(command: str) -> None:
    from django.core.management import get_commands

    assert command in get_commands()


@pytest.mark.parametrize(
    "folder", sorted(set(re.findall(r"`((?:overlays|components)/[\w-]+|base)`", MANUAL)))
)
def test_every_folder_it_names_is_there(folder: str) -> None:
    assert (CHECKOUT / "k8s" / folder / "kustomization.yaml").exists()
