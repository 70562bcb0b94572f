"""Whatever field a mapping has, each place knows it where mappings are written, and CONTRIBUTING.md's recipe has a test for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import models

from deployments.admin.sites import SiteAdmin
from deployments.models import Site
from deployments.models.site import OBSERVED_BY, SETTINGS, mapping_fields

FIELDS = mapping_fields()
NEEDED = {"host": "cron.example.com", "owner": "icco", "repository": "cron", "deployment": "cron"}
CANDIDATES = (
    "other",
    "/other",
    "registry.example.com/{owner}/{repository}:{sha}",
    "False",
    "True",
    "1",
    "7",
    "300",
)


def cell_for(field: models.Field) -> str:
    """Return a cell that gives the field another value than its default."""
    return next(each for each in (*_choices(field), *CANDIDATES) if _suits(field, each))


def _choices(field: models.Field) -> Iterator[str]:
    return (str(key) for key, _ in field.flatchoices)


def _suits(field: models.Field, cell: str) -> bool:
    try:
        return field.clean(cell, None) != field.get_default()
    except ValidationError:
        return False


def test_the_fields_are_found() -> None:
    assert {"host", "branch", "auto_deploy", "check_status"} <= FIELDS.keys()
    assert not {"id", "created_at"} & FIELDS.keys()


def test_the_admin_asks_for_each_field_once() -> None:
    asked = flatten_fieldsets(SiteAdmin.fieldsets)

    assert sorted(set(asked) - set(SiteAdmin.readonly_fields)) == sorted(FIELDS), (
        "Add it to a group of `fieldsets`."
    )


def test_each_field_says_whether_it_makes_untrue_what_was_observed() -> None:
    assert sorted([*OBSERVED_BY, *SETTINGS]) == sorted([*FIELDS, "workloads"]), "Add it to one of the two."


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_each_field_says_in_a_sentence_what_it_is(field: models.Field) -> None:
    assert field.help_text.endswith(".")


@pytest.mark.django_db
@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_each_field_is_a_column_of_the_csv(field: models.Field, tmp_path: Path) -> None:
    cells = NEEDED | {field.name: cell_for(field)}
    table = tmp_path / "sites.csv"
    table.write_text(f"{','.join(cells)}\n{','.join(cells.values())}\n")

    call_command("import_sites", str(table), verbosity=0)

    assert getattr(Site.objects.get(), field.name) == field.clean(cells[field.name], None)
