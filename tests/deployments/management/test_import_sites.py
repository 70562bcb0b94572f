"""`manage.py import_sites`: a whole table, or nothing of it."""

import re
from getpass import getuser
from pathlib import Path

import pytest
from django.core.management import CommandError
from django_q.models import OrmQ

from demo.world import SITES_CSV
from deployments.models import AuditEvent, Site
from tests.deployments.management.conftest import Run

HEADING = "host,owner,repository,deployment"
GOOD = "cron.example.com,icco,cron,cron"

pytestmark = pytest.mark.django_db


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "sites.csv"


def test_the_ancestors_table_is_added_once_and_then_unchanged(run: Run) -> None:
    first = run("import_sites", str(SITES_CSV))
    second = run("import_sites", str(SITES_CSV))

    assert first == "34 sites added, 0 updated, 0 unchanged.\n"
    assert second == "0 sites added, 0 updated, 34 unchanged.\n"
    assert Site.objects.count() == 34


def test_what_is_new_or_has_changed_is_checked_at_once_and_nothing_else(run: Run, table: Path) -> None:
    other = "web.example.com,icco,web,web"
    table.write_text(f"{HEADING},branch\n{GOOD},\n{other},\n")
    run("import_sites", str(table))
    first = OrmQ.objects.get().task["kwargs"]
    OrmQ.objects.all().delete()
    run("import_sites", str(table))
    unchanged = OrmQ.objects.count()
    table.write_text(f"{HEADING},branch\n{GOOD},release\n{other},\n")

    run("import_sites", str(table))

    assert sorted(first["names"]) == ["cron.example.com", "web.example.com"]
    assert unchanged == 0
    assert OrmQ.objects.get().task["kwargs"]["names"] == ["cron.example.com"]


def test_where_nothing_is_imported_nothing_is_checked(run: Run, table: Path) -> None:
    table.write_text(f"{HEADING}\n{GOOD}\nno host at all!,icco,web,web\n")

    with pytest.raises(CommandError):
        run("import_sites", str(table))

    assert not OrmQ.objects.exists()


def test_a_broken_line_is_named_and_nothing_is_imported(run: Run, table: Path) -> None:
    table.write_text(f"{HEADING}\n{GOOD}\nno host at all!,icco,web,web\n")

    with pytest.raises(CommandError, match=r"(?s)Nothing was imported\.\nline 3: (host|name): "):
        run("import_sites", str(table))

    assert not Site.objects.exists()


def test_two_sites_of_one_container_are_reported_in_words(run: Run, table: Path) -> None:
    table.write_text(f"{HEADING}\n{GOOD}\nother.example.com,icco,other,cron\n")

    with pytest.raises(CommandError, match=r"line 3: .*cron.example.com already maps Deployment cron"):
        run("import_sites", str(table))

    assert not Site.objects.exists()


def test_an_empty_cell_that_is_needed_is_named(run: Run, table: Path) -> None:
    table.write_text(f"{HEADING}\ncron.example.com,icco,,cron\n")

    with pytest.raises(CommandError, match="line 2: repository must not be empty"):
        run("import_sites", str(table))


def test_a_file_that_is_not_there_is_named(run: Run, table: Path) -> None:
    with pytest.raises(CommandError, match=r"sites\.csv cannot be read: No such file"):
        run("import_sites", str(table))


def test_a_line_that_is_too_short_or_too_long_is_named(run: Run, table: Path) -> None:
    table.write_text(f"{HEADING}\n\ncron.example.com,icco\n{GOOD},too,much\n")

    with pytest.raises(CommandError, match=r"(?s)line 3: .*line 4: It has more cells"):
        run("import_sites", str(table))

    assert not Site.objects.exists()


def test_the_audit_shows_who_changed_which_mapping(run: Run, table: Path) -> None:
    table.write_text(f"{HEADING},branch\n{GOOD},\n")
    run("import_sites", str(table))
    table.write_text(f"{HEADING},branch\n{GOOD},release\n")

    run("import_sites", str(table))
    run("import_sites", str(table))

    stated = AuditEvent.objects.order_by("pk").values_list("actor_name", "host", "message")
    assert list(stated) == [
        (f"{getuser()} on a shell", "cron.example.com", "Added the mapping of cron.example.com."),
        (f"{getuser()} on a shell", "cron.example.com", "Branch: (default) → release."),
    ]


def test_a_column_that_does_not_exist_is_named(run: Run, table: Path) -> None:
    table.write_text(f"{HEADING},autodeploy,notes\n{GOOD},true,hello\n")

    with pytest.raises(CommandError, match=r"Nothing was imported\. Unknown columns: autodeploy, notes\. "):
        run("import_sites", str(table))

    assert not Site.objects.exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (f"{HEADING}\n{GOOD}\n".encode("utf-16"), "It is not in UTF-8"),
        (f"{HEADING},tags\n{GOOD},caf\xe9\n".encode("latin-1"), "It is not in UTF-8"),
        (f"{HEADING}\n{GOOD}\0\n".encode(), "It has a NUL character"),
        (b"", "It has no heading line"),
        (b",,,\n", "It has no heading line"),
        (f"{HEADING}\n{GOOD}\n".replace(",", ";").encode(), "Separate columns by commas"),
        (f"{HEADING},branch,branch\n{GOOD},a,b\n".encode(), "These columns are there twice: branch"),
        (f"{HEADING},repo\n{GOOD},tabs\n".encode(), "These columns are there twice: repository"),
        (f"{HEADING}\n{GOOD},{'x' * 200_000}\n".encode(), "line 2: It cannot be read as CSV"),
        (
            f"{HEADING}\n{GOOD}\nCron.example.com,icco,tabs,tabs\n".encode(),
            "line 3: cron.example.com is in line 2",
        ),
        (f"{HEADING},\n{GOOD},stray\n".encode(), "line 2: It has more cells"),
    ],
)
def test_a_file_that_cannot_be_what_was_meant_says_why(
    run: Run, table: Path, data: bytes, message: str
) -> None:
    table.write_bytes(data)

    with pytest.raises(CommandError, match=rf"(?s)Nothing was imported\..*{re.escape(message)}"):
        run("import_sites", str(table))

    assert not Site.objects.exists()


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{HEADING}\r\n{GOOD}\r\n",
        f"{HEADING},,\n{GOOD},,\n,,,,,\n",
        f"{HEADING.replace(',', ' , ')}\n\n{GOOD.replace(',', ' , ')}\n",
    ],
    ids=["with a mark and carriage returns", "with empty columns and lines", "with spaces"],
)
def test_what_spreadsheets_add_is_read_past(run: Run, table: Path, text: str) -> None:
    table.write_bytes(text.encode())

    run("import_sites", str(table))

    assert [(each.name, each.owner) for each in Site.objects.all()] == [("cron.example.com", "icco")]


@pytest.mark.parametrize(("column", "choices"), [("commit_source", "tag, label, release")])
def test_a_value_that_is_none_of_a_few_names_them(run: Run, table: Path, column: str, choices: str) -> None:
    table.write_text(f"{HEADING},{column}\n{GOOD},labels\n")

    with pytest.raises(CommandError, match=rf"line 2: {column}: “labels” is not one of {choices}\."):
        run("import_sites", str(table))


@pytest.mark.parametrize("text", ["true", "TRUE", "True", "1"])
def test_yes_is_read_as_people_and_spreadsheets_write_it(run: Run, table: Path, text: str) -> None:
    table.write_text(f"{HEADING},auto_deploy\n{GOOD},{text}\n")

    run("import_sites", str(table))

    assert Site.objects.get().auto_deploy is True


@pytest.mark.parametrize("column", ["auto_deploy", "check_enabled", "pins_digest"])
def test_a_switch_that_is_neither_on_nor_off_says_what_to_write(run: Run, table: Path, column: str) -> None:
    table.write_text(f"{HEADING},{column}\n{GOOD},yes please\n")

    with pytest.raises(CommandError, match=rf"line 2: {column}: Write true or false\.$"):
        run("import_sites", str(table))


@pytest.mark.parametrize(
    ("column", "text"), [("auto_deploy", "maybe"), ("check_status", "fine"), ("check_timeout_seconds", "61")]
)
def test_a_value_that_its_column_cannot_have_is_named(run: Run, table: Path, column: str, text: str) -> None:
    table.write_text(f"{HEADING},{column}\n{GOOD},{text}\n")

    with pytest.raises(CommandError, match=rf"line 2: {column}: "):
        run("import_sites", str(table))

    assert not Site.objects.exists()


def test_an_empty_cell_means_the_default_and_a_column_left_out_changes_nothing(run: Run, table: Path) -> None:
    table.write_text(f"{HEADING},namespace,check_status,auto_deploy\n{GOOD},apps,204,true\n")
    run("import_sites", str(table))
    table.write_text(f"{HEADING},namespace,check_status\n{GOOD},,\n")

    run("import_sites", str(table))

    site = Site.objects.get()
    assert (site.references[0].namespace, site.check_status, site.auto_deploy) == ("default", 200, True)


@pytest.mark.parametrize("text", ["false", "FALSE", "0"])
def test_a_column_turns_host_checks_off(run: Run, table: Path, text: str) -> None:
    table.write_text(f"{HEADING},check_enabled\n{GOOD},{text}\n")

    run("import_sites", str(table))

    assert Site.objects.get().check_enabled is False
