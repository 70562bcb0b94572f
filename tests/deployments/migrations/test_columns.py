"""A migration runs while pods of the version before are at work: they must still be able to write rows."""

from collections.abc import Iterator

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import NOT_PROVIDED

APP = "deployments"
BEFORE_THE_RULE = {"0002_deploy_digest_and_told_at"}
"""A database that ran it lacks the default, so neither it nor the model may say that there is one."""
Columns = dict[tuple[str, str], bool]


def columns_of(state: ProjectState) -> Columns:
    """Return whether a row can be written without it, for each (table, column) of ours."""
    return {
        (_table(model), _column(name, field)): _is_optional(field)
        for (app, _), model in state.models.items()
        if app == APP
        for name, field in model.fields.items()
        if not field.many_to_many
    }


def _table(model: ModelState) -> str:
    return str(model.options.get("db_table") or f"{APP}_{model.name_lower}")


def _column(name: str, field: models.Field) -> str:
    return field.db_column or (f"{name}_id" if field.is_relation else name)


def _is_optional(field: models.Field) -> bool:
    return field.null or field.generated or field.primary_key or field.db_default is not NOT_PROVIDED


def newly_needed(before: Columns, after: Columns) -> list[tuple[str, str]]:
    """Return the columns that code written for `before` does not fill in, in tables that it knows, and that a row must have."""
    known = {table for table, _ in before}
    return sorted(
        key
        for key, is_optional in after.items()
        if not is_optional and key[0] in known and before.get(key, True)
    )


def needed_by(operations: list[Operation], state: ProjectState) -> Iterator[tuple[str, str]]:
    """Take the state through the operations, and what each does to the database alone beside it."""
    before = columns_of(state)
    for each in operations:
        if isinstance(each, migrations.SeparateDatabaseAndState):
            yield from needed_by(each.database_operations, state.clone())
        each.state_forwards(APP, state)
    yield from newly_needed(before, columns_of(state))


def test_the_code_before_a_migration_can_write_rows_after_it() -> None:
    loader = MigrationLoader(None)
    (newest,) = loader.graph.leaf_nodes(APP)
    state = ProjectState()

    needed = {}
    for app, name in loader.graph.forwards_plan(newest):
        operations = loader.graph.nodes[app, name].operations
        if app == APP:
            needed[name] = list(needed_by(operations, state))
        else:
            for each in operations:
                each.state_forwards(app, state)

    found = {name: columns for name, columns in needed.items() if columns}
    assert found.keys() == BEFORE_THE_RULE, f"Give these a db_default, or null=True: {found}"


@pytest.fixture
def state() -> ProjectState:
    state = ProjectState()
    fields = [("id", models.BigAutoField(primary_key=True)), ("note", models.TextField(null=True))]
    migrations.CreateModel("site", fields).state_forwards(APP, state)
    return state


def added(field: models.Field) -> Operation:
    return migrations.AddField("site", "colour", field)


def made(field: models.Field) -> Operation:
    return migrations.AlterField("site", "note", field)


NEEDED = models.TextField(default="red")
A_DATABASE_DEFAULT = models.TextField(default="red", db_default="red")


@pytest.mark.parametrize(
    ("operation", "column"),
    [
        (added(NEEDED), "colour"),
        (added(models.ForeignKey("site", on_delete=models.CASCADE)), "colour_id"),
        (made(NEEDED), "note"),
        (migrations.SeparateDatabaseAndState(database_operations=[added(NEEDED)]), "colour"),
        (migrations.SeparateDatabaseAndState(state_operations=[added(NEEDED)]), "colour"),
        (
            migrations.SeparateDatabaseAndState(
                database_operations=[migrations.SeparateDatabaseAndState(database_operations=[added(NEEDED)])]
            ),
            "colour",
        ),
    ],
    ids=["added", "a key added", "made to be needed", "in the database", "in the state", "nested"],
)
def test_a_column_that_must_be_written_is_found(
    state: ProjectState, operation: Operation, column: str
) -> None:
    assert list(needed_by([operation], state)) == [("deployments_site", column)]


@pytest.mark.parametrize(
    "operation",
    [
        added(A_DATABASE_DEFAULT),
        added(models.TextField(null=True)),
        made(A_DATABASE_DEFAULT),
        migrations.CreateModel("other", [("name", models.TextField(primary_key=True)), ("text", NEEDED)]),
        migrations.AddField("site", "others", models.ManyToManyField("site")),
    ],
    ids=["with a default", "nullable", "made to have a default", "in a new table", "many to many"],
)
def test_a_column_that_the_code_before_may_leave_out_is_not(
    state: ProjectState, operation: Operation
) -> None:
    assert list(needed_by([operation], state)) == []
