"""A database of the version before, with rows in every table, becomes one of this version, and its rows read as they were."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.core.management import call_command
from django.db import connection, models
from django.db.migrations.executor import MigrationExecutor
from psycopg.sql import SQL, Identifier
from pytest_django import DjangoDbBlocker

from deployments import queries
from deployments.models import Deploy, Hold, NotificationPreference, Site, Status
from deployments.rules.site_state import State
from deployments.rules.targets import format_references

pytestmark = pytest.mark.slow

BEFORE = ("deployments", "0005_hold_rollback")
NOW = datetime(2026, 11, 25, 13, 30, tzinfo=UTC)
OLD, NEW, GONE = "a" * 40, "b" * 40, "c" * 40
IMAGE = "gcr.io/icco-cloud/cron"
LEFT_TO_OLD_CODE = {("deployments_site", name) for name in ("namespace", "deployment", "container")}
"""Columns that only code of the version before reads and writes."""
Row = dict[str, object]
"""Values by column."""


@pytest.fixture(scope="module")
def empty_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Point Django at its own database on the tests' server."""
    with django_db_blocker.unblock():
        usual = connection.settings_dict["NAME"]
        given = connection.get_connection_params() | {"context": None, "cursor_factory": psycopg.Cursor}
        name = Identifier(f"{usual}_before")
        connection.close()
        with psycopg.connect(**given, autocommit=True) as server:
            server.execute(SQL("DROP DATABASE IF EXISTS {}").format(name))
            server.execute(SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
            connection.settings_dict["NAME"] = f"{usual}_before"
            try:
                yield
            finally:
                connection.close()
                connection.settings_dict["NAME"] = usual
                server.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture(scope="module")
def was(empty_database: None) -> dict[str, list[Row]]:
    """Return the rows that the version before wrote into the database, which has been upgraded since."""
    executor = MigrationExecutor(connection)
    executor.migrate([BEFORE])
    before = executor.loader.project_state(BEFORE).apps
    fill(before)
    found = rows(before)
    call_command("upgrade", verbosity=0)
    return found


def fill(before: Apps) -> None:
    """Write a row into every table, as the version before wrote them while a rolled back site is held."""

    def make(name: str, app: str = "deployments", **values: Any) -> Any:
        return before.get_model(app, name).objects.create(**values)

    user = make("User", "auth", username="ada")
    site = make(
        "Site", host="cron.example.com", owner="icco", repository="cron", deployment="cron", container="cron",
        auto_deploy=True, check_path="/healthz", minimum_interval_minutes=30,
    )
    asked = {"site": site, "requested_by": user, "requested_by_name": "ada", "requested_at": NOW}
    ended = {"told_at": NOW, "patched_at": NOW, "finished_at": NOW + timedelta(minutes=1), "digest": "sha256:0"}
    failed = make(
        "Deploy", sha=NEW, image=f"{IMAGE}:{NEW}", from_sha=OLD, from_image=f"{IMAGE}:{OLD}", trigger="person",
        status="failed", sentence="1 pod crashed.", reason="crash", log="no such file", from_image_seen_at=NOW,
        **asked | ended,
    )
    back = make(
        "Deploy", sha=OLD, image=f"{IMAGE}:{OLD}", kind="rollback", rolls_back=failed, trigger="person",
        status="succeeded", sentence="1 pod is ready.", **asked | ended,
    )
    make("DeployEvent", deploy=back, at=NOW, kind="asked", sentence="Requested by ada.")
    make(
        "Observation", site=site, latest_deploy=back, repository_id=7, name_with_owner="icco/cron", branch="main",
        head_sha=NEW, head_headline="Fix cron", head_committed_at=NOW, check_state="success", behind_by=1,
        ahead_by=0, github_observed_at=NOW, head_image_built=True, desired_image=f"{IMAGE}:{OLD}",
        desired_sha=OLD, accepted_image=f"{IMAGE}:{OLD}", running_sha=OLD, ready=1, wanted=1,
        cluster_observed_at=NOW, check_trouble="The token may not read checks.",
    )
    placed = {"site": site, "placed_by": user, "placed_by_name": "ada", "placed_at": NOW}
    make("Hold", sha=NEW, reason="Rolled back.", rollback=back, **placed)
    make("Hold", sha=GONE, reason="Wrong.", lifted_at=NOW, lifted_by_name="bob", **placed)
    commit = {"sha": NEW, "headline": "Fix cron", "author": "Ada", "committed_at": NOW.isoformat(), "url": ""}
    make("CommitRange", owner="icco", repository="cron", base=OLD, head=NEW, total=1, commits=[commit])
    batch = make("DeployBatch", state="done", sentence="Done.", requested_by_name="ada", requested_at=NOW, finished_at=NOW)
    make("BatchItem", batch=batch, site=site, deploy=back, position=1, sha=OLD, is_done=True, sentence="Held.")
    make("SyncRun", started_at=NOW, finished_at=NOW, trigger="schedule", result="good", is_full=True, troubled=1, sentence="Good.")
    make("AuditEvent", at=NOW, actor=user, actor_name="ada", kind="hold", site=site, host=site.host, sentence="Held it.")
    make("Examination", id=1, asked_at=NOW, findings=[{"subject": "GitHub"}])
    make("GitHubPause", who="token", until=NOW, in_a_row=2)
    make("PushSubscription", user=user, endpoint="https://push.example.com/1", p256dh="p", auth="a", created_at=NOW)
    make("PushWish", user=user, failed=True).starred.add(site)


def rows(registry: Apps) -> dict[str, list[Row]]:
    """Return every row of ours as these models read it, by table."""
    found: dict[str, list[Row]] = {}
    for model in registry.get_app_config("deployments").get_models(include_auto_created=True):
        fields = model._meta.concrete_fields
        if not model._meta.proxy:
            columns = [(field.column, field.attname) for field in fields]
            found[model._meta.db_table] = [
                {column: getattr(row, name) for column, name in columns}
                for row in model._base_manager.order_by("pk")
            ]
    return found


def as_before(now: list[Row], was: list[Row]) -> list[Row]:
    """Return the rows without the columns that are new."""
    return [{column: row[column] for column in old if column in row} for row, old in zip(now, was, strict=True)]


def test_every_table_of_the_version_before_has_a_row(was: dict[str, list[Row]]) -> None:
    assert [table for table, found in was.items() if not found] == []


def test_rows_of_the_version_before_read_as_they_were(was: dict[str, list[Row]]) -> None:
    now = rows(apps)

    gone = {(table, column) for table, (row, *_) in was.items() for column in row.keys() - now[table][0].keys()}
    kept = {
        table: [{name: value for name, value in row.items() if (table, name) not in LEFT_TO_OLD_CODE} for row in found]
        for table, found in was.items()
    }
    assert {table: as_before(now[table], kept[table]) for table in was} == kept
    assert gone == LEFT_TO_OLD_CODE


def test_a_site_s_columns_become_its_workload_and_stay_for_code_of_the_version_before(
    was: dict[str, list[Row]],
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT namespace, deployment, container FROM deployments_site")
        columns = cursor.fetchall()

    assert format_references(Site.objects.get().references) == "Deployment default/cron"
    assert columns == [("default", "cron", "cron")]


def test_pages_show_what_the_version_before_wrote(was: dict[str, list[Row]]) -> None:
    page = queries.site_page(name="cron.example.com", now=NOW + timedelta(minutes=5))

    site = Site.objects.get()
    assert page.row.answer.state is State.HELD
    assert page.row.seen.check_problem == "The token may not read checks."
    assert [each.headline for each in page.commits or ()] == ["Fix cron"]
    assert [each.reason for each in page.past_holds] == ["Wrong."]
    assert Hold.objects.get(sha=NEW).rollback == page.history[0]
    assert list(NotificationPreference.objects.get().starred.all()) == [site]
    assert Deploy.objects.get(status=Status.FAILED).message == "1 pod crashed."
