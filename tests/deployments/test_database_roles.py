"""The roles of web and the worker: what each may not do, and that all of Headway works under them."""

from collections.abc import Iterator
from io import StringIO
from uuid import uuid4

import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from deployments.database_roles import WEB_WRITES, Login, UnableToGrant, ensure_roles
from deployments.models import AuditEvent
from deployments.operations import audit
from tests.factories import create_site
from tests.roles import WEB, WORKER, acting_as, alone_with_roles, make_roles, url_of
from tests.worlds import sites, world

__all__ = ["sites", "world"]

pytestmark = [pytest.mark.django_db]
TIMEOUT_SECONDS = 90
PASSWORD = "long enough 7"

DDL = [
    "CREATE TABLE mine (a int)",
    "CREATE TEMPORARY TABLE mine (a int)",
    "CREATE SCHEMA mine",
    "CREATE VIEW mine AS SELECT 1",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE TRIGGER mine BEFORE UPDATE ON django_q_schedule FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE mine AS ON INSERT TO deployments_auditevent DO INSTEAD NOTHING",
    "ALTER TABLE deployments_site ADD COLUMN mine int",
    "ALTER TABLE deployments_site DISABLE TRIGGER ALL",
    "DROP TABLE deployments_site",
    "TRUNCATE deployments_auditevent",
    "CREATE ROLE mine",
    "ALTER ROLE current_user CREATEROLE",
    "SET session_replication_role = replica",
    "COPY deployments_site TO PROGRAM 'true'",
    "SELECT pg_read_file('/etc/hostname')",
]
AUDIT = [
    "UPDATE deployments_auditevent SET sentence = 'x'",
    "UPDATE deployments_auditevent SET site_id = NULL",
    "UPDATE deployments_auditevent SET actor_id = NULL",
    "DELETE FROM deployments_auditevent",
]


def updates(table: str, value: str, *columns: str) -> list[str]:
    return [f"UPDATE {table} SET {column} = {value}" for column in columns]  # noqa: S608  names of ours


NEVER_WEB = [
    "INSERT INTO django_q_schedule (func, schedule_type, repeats, next_run) VALUES ('os.mkdir', 'I', -1, now())",
    *updates("django_q_schedule", "'x'", "name", "func", "args", "kwargs", "hook", "cluster"),
    "DELETE FROM django_q_schedule",
    *updates("django_q_ormq", "'x'", "payload", "key"),
    "DELETE FROM django_q_ormq",
    *updates("django_q_task", "'x'", "result", "func"),
    "DELETE FROM django_q_task",
    "INSERT INTO django_q_task (id, name, func, started, stopped, success, attempt_count) VALUES ('1', 'n', 'f', now(), now(), true, 1)",
    "INSERT INTO deployments_observation SELECT * FROM deployments_observation",
    *updates("deployments_observation", "''", "head_sha", "running_sha", "desired_image"),
    *updates("deployments_deploy", "NULL", "told_at", "patched_at", "queued_at"),
    *updates("deployments_deploy", "''", "image", "sha", "digest", "from_image", "kind"),
    *updates("deployments_deployevent", "'x'", "sentence"),
    "INSERT INTO deployments_syncrun SELECT * FROM deployments_syncrun",
    "DELETE FROM deployments_syncrun",
    "INSERT INTO deployments_commitrange SELECT * FROM deployments_commitrange",
    "INSERT INTO deployments_githubpause SELECT * FROM deployments_githubpause",
    *updates("deployments_examination", "'[]'", "findings"),
    "INSERT INTO deployments_signingkey SELECT * FROM deployments_signingkey",
    *updates("deployments_signingkey", "'{}'", "key"),
    "DELETE FROM deployments_hookdelivery",
    *updates("deployments_hookdelivery", "'x'", "state", "delivery_id"),
    *updates("deployments_hooktoken", "'x'", "hashed", "name"),
    *updates("deployments_headcheck", "now()", "next_at"),
    *updates("auth_group", "'x'", "name"),
    "INSERT INTO auth_permission SELECT * FROM auth_permission",
    "DELETE FROM django_migrations",
]
NEVER_WORKER = [
    "SELECT * FROM headway_cache",
    "SELECT * FROM mfa_authenticator",
    "UPDATE auth_user SET is_superuser = true",
    "INSERT INTO auth_user_groups SELECT * FROM auth_user_groups",
    "UPDATE django_session SET session_data = 'x'",
    "DELETE FROM django_migrations",
]


def refused(login: Login, statement: str) -> bool:
    """Whether PostgreSQL refuses it to a process that logs in as this role."""
    with psycopg.connect(url_of(login)) as other:
        try:
            other.execute(statement)  # type: ignore[arg-type]  # one of ours
        except psycopg.errors.InsufficientPrivilege:
            return True
        finally:
            other.rollback()
    return False


@pytest.mark.parametrize("statement", [*DDL, *AUDIT, *NEVER_WEB])
def test_web_s_role_may_not(statement: str) -> None:
    assert refused(WEB, statement)


@pytest.mark.parametrize("statement", [*DDL, *AUDIT, *NEVER_WORKER])
def test_the_worker_s_role_may_not(statement: str) -> None:
    assert refused(WORKER, statement)


def test_web_s_role_gives_itself_nothing() -> None:
    with psycopg.connect(url_of(WEB), autocommit=True) as other:
        other.execute(f"GRANT ALL ON deployments_auditevent TO {WEB.name}")

    assert refused(WEB, AUDIT[0])


def test_neither_becomes_the_owner() -> None:
    owner = connection.get_connection_params()["user"]

    for login in (WEB, WORKER):
        for statement in (
            f"SET ROLE {owner}",
            f"SET SESSION AUTHORIZATION {owner}",
            f"REASSIGN OWNED BY {owner} TO {login.name}",
        ):
            assert refused(login, statement), statement


def test_every_other_thing_is_known_by_this_test_to_be_allowed() -> None:
    assert not refused(WEB, "UPDATE django_q_schedule SET minutes = 5, next_run = now()")
    assert not refused(WEB, "SELECT * FROM deployments_observation")
    assert not refused(WORKER, "UPDATE django_q_schedule SET func = 'x'")
    assert not refused(WORKER, "DELETE FROM django_session WHERE expire_date < now()")


def test_the_audit_outlives_whom_and_what_it_is_about() -> None:
    person = User.objects.create_user("ada")
    site = create_site(host="a.example.com", owner="o", repository="a", deployment="a", container="a")
    audit.record(AuditEvent.Kind.HOLD, "Held.", by=person, site=site, now=timezone.now())

    with acting_as(WEB):
        site.delete()
        person.delete()

    event = AuditEvent.objects.get()
    assert (event.site_id, event.actor_id, event.host, event.actor_name) == (
        None,
        None,
        "a.example.com",
        "ada",
    )


def upgrade(settings: Settings, *, web: Login = WEB, worker: Login = WORKER) -> str:
    """Run it as every pod does; return what it has an administrator do."""
    message = StringIO()
    settings.WEB_DATABASE_LOGIN = (web.name, web.password)
    settings.WORKER_DATABASE_LOGIN = (worker.name, worker.password)
    with alone_with_roles():
        call_command("upgrade", verbosity=0, stderr=message)
    return message.getvalue()


@pytest.fixture
def _as_before() -> Iterator[None]:
    yield
    make_roles()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_as_before")
def test_an_upgrade_takes_back_what_else_a_role_was_given(settings: Settings) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT ALL ON deployments_auditevent, django_q_schedule TO {WEB.name}")
    assert not refused(WEB, AUDIT[0])

    message = upgrade(settings)

    assert message == ""
    assert refused(WEB, AUDIT[0])
    assert refused(WEB, "DELETE FROM django_q_schedule")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_as_before")
@pytest.mark.parametrize("table", ["socialaccount_socialaccount", "socialaccount_socialtoken"])
def test_an_upgrade_by_a_pod_without_a_login_s_settings_leaves_web_its_tables(
    settings: Settings, table: str
) -> None:
    """The worker's pod: it runs the same upgrade, and does not know which logins web has."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {table} (uid text)")
    try:
        upgrade(settings)

        assert not refused(WEB, f"INSERT INTO {table} VALUES ('x')")  # noqa: S608  a name of ours
        assert refused(WORKER, f"SELECT * FROM {table}")  # noqa: S608  as above
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {table}")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_as_before")
def test_an_upgrade_makes_a_role_that_is_missing_with_its_password(settings: Settings) -> None:
    fresh = Login(f"headway_test_{uuid4().hex[:8]}", "it's a \\ password")
    try:
        upgrade(settings, web=fresh)

        with connection.cursor() as cursor:
            cursor.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [fresh.name])
            assert cursor.fetchone()[0].startswith("SCRAM-SHA-256$")
        assert refused(fresh, AUDIT[0])
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP OWNED BY {fresh.name}")
            cursor.execute(f"DROP ROLE {fresh.name}")


def test_where_the_owner_may_make_no_roles_it_says_what_an_administrator_must_run() -> None:
    with (
        acting_as(WORKER),
        pytest.raises(UnableToGrant, match=r"CREATE ROLE headway_lost LOGIN PASSWORD '…';"),
    ):
        ensure_roles(web=Login("headway_lost", "x"), worker=None)


@pytest.mark.django_db(transaction=True)
def test_one_role_for_both_is_refused(settings: Settings) -> None:
    with pytest.raises(CommandError, match="Give each its own"):
        upgrade(settings, web=WORKER)


@pytest.mark.django_db(transaction=True)
def test_the_owner_s_own_role_is_refused(settings: Settings) -> None:
    owner = str(connection.get_connection_params()["user"])

    with pytest.raises(CommandError, match="the owner of the tables"):
        upgrade(settings, web=Login(owner, ""))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "power",
    ["SUPERUSER", "CREATEROLE", "CREATEDB", "BYPASSRLS", "IN ROLE {owner}", "IN ROLE pg_write_all_data"],
)
def test_a_role_that_may_do_more_is_refused(settings: Settings, power: str) -> None:
    name = f"headway_test_{uuid4().hex[:8]}"
    owner = connection.get_connection_params()["user"]
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {name} LOGIN {power.format(owner=owner)}")
    try:
        with pytest.raises(CommandError, match="may do more than it is given"):
            upgrade(settings, web=Login(name, "x"))
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP ROLE {name}")


def test_what_web_writes_is_never_all_of_what_only_the_worker_does() -> None:
    for label in ("Observation", "SyncRun", "CommitRange", "GitHubPause"):
        assert "INSERT" not in WEB_WRITES.get(f"deployments.{label}", "")
