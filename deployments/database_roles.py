"""What web and the worker may do in the database, where each connects as its own role: neither can alter its schema.

The owner of the tables migrates, and grants the two their privileges again at each `manage.py upgrade`. Without their own roles both
connect as the owner, as on a laptop. docs/decisions/0011-database-roles.md.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.apps import apps
from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from psycopg import Connection, sql
from psycopg.errors import InsufficientPrivilege

EDIT = "INSERT, UPDATE, DELETE"
ADD = "INSERT"
CACHE = "cache"

WEB_WRITES: dict[str, str] = {
    # People, and what they log in with.
    **dict.fromkeys(("auth.User", "auth.User_groups", "auth.User_user_permissions"), EDIT),
    **dict.fromkeys(("account.EmailAddress", "account.EmailConfirmation", "mfa.Authenticator"), EDIT),
    **dict.fromkeys(("socialaccount.SocialAccount", "socialaccount.SocialToken"), EDIT),
    **dict.fromkeys(("sessions.Session", "usersessions.UserSession", "admin.LogEntry", CACHE), EDIT),
    # What people ask for.
    **dict.fromkeys(("deployments.Site", "deployments.MappedWorkload", "deployments.PushSubscription"), EDIT),
    **dict.fromkeys(("deployments.NotificationPreference", "deployments.StarredSite"), EDIT),
    # Who of an organisation may log in.
    "deployments.GitHubMembership": EDIT,
    "deployments.AuditEvent": ADD,
    "deployments.Hold": "INSERT, DELETE, UPDATE (lifted_at, lifted_by_name, placed_by_id, rollback_id)",
    "deployments.Deploy": "INSERT, DELETE, UPDATE (status, sentence, finished_at, requested_by_id, rolls_back_id)",
    "deployments.DeployEvent": "INSERT, DELETE",
    # Steps go with their Deploy, when a mapping is deleted.
    "deployments.DeployStep": "DELETE",
    "deployments.DeployBatch": "INSERT, UPDATE (state, sentence, finished_at, requested_by_id)",
    "deployments.BatchItem": "INSERT, DELETE, UPDATE (is_done, sentence, deploy_id, headline)",
    # What comes in by hooks, and who may post.
    "deployments.HookDelivery": ADD,
    "deployments.HookRefusal": "INSERT, UPDATE",
    "deployments.HookToken": "INSERT, UPDATE (revoked_at)",
    "deployments.Examination": "INSERT, UPDATE (asked_at, untrusted_proxy_at)",
    "deployments.Discovery": "INSERT, UPDATE (asked_at, namespaces, words)",
    "deployments.MappingCheck": "INSERT, DELETE, UPDATE (site_id, asked_at, answered_at, findings)",
    # A mapping is deleted with all that was seen of it. Else only a sync writes what was seen.
    "deployments.Observation": "DELETE, UPDATE (latest_deploy_id, accepted_image, requested_image, workloads, repository_id, built_sha, asked_below, branch_has_ci)",
    # What people ask the cluster on a site's page; a worker writes the answers.
    "deployments.PodCheck": "INSERT, DELETE, UPDATE (asked_at)",
    "deployments.ContainerLog": "INSERT, DELETE, UPDATE (asked_at)",
    "django_q.OrmQ": ADD,
    # Of the schedule, what its form changes.
    "django_q.Schedule": "UPDATE (minutes, next_run)",
}
"""By model; web reads every table. One that is not named here it only reads: tests/dashboard runs as this role."""

WORKER_READS_OF = {"auth", "contenttypes", "deployments", "django_q", "sessions"}
WORKER_EDITS_OF = {"deployments", "django_q"}
"""By app. What people log in with is none of the worker's business."""
WORKER_WRITES = {"deployments.AuditEvent": ADD, "sessions.Session": "DELETE"}
"""Instead of what its app's others get."""
WORKER_MAY_NOT_READ = {"deployments.GitHubMembership"}
"""Who logs in with GitHub, and by which token, is web's alone."""

_MAY_MORE = """
    SELECT 1 FROM pg_roles WHERE rolname = %s AND (
        rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication
        OR EXISTS (SELECT 1 FROM pg_auth_members WHERE member = pg_roles.oid)
    )
"""


class UnableToGrant(Exception):
    """The sentence says what to do."""


@dataclass(frozen=True)
class Login:
    """A role as DATABASE_URL names it."""

    name: str
    password: str = field(repr=False)


def ensure_roles(*, web: Login | None, worker: Login | None) -> list[str]:
    """Make the roles where we may, and give each exactly its privileges; return what only an administrator can do, as SQL.

    Safe to run twice. Raises UnableToGrant where a role is missing, or is one that may do more than it is given.
    """
    wanted = {"WEB_DATABASE_URL": web, "WORKER_DATABASE_URL": worker}
    logins = {variable: login for variable, login in wanted.items() if login}
    if web and worker and web.name == worker.name:
        raise UnableToGrant("WEB_DATABASE_URL and WORKER_DATABASE_URL name the same role. Give each its own.")
    with transaction.atomic():
        for variable, login in logins.items():
            _ensure_role(variable, login)
        _close_the_schema()
        if web:
            _give(web.name, _of_web())
            # How many accounts there ever were: dashboard/accounts/welcome.py.
            _run("GRANT SELECT ON SEQUENCE auth_user_id_seq TO {role}", role=web.name)
        if worker:
            _give(worker.name, _of_worker())
    return [each for login in logins.values() for each in _left_open(login.name)]


def _ensure_role(variable: str, login: Login) -> None:
    if _ask("SELECT 1 WHERE current_user = %s", login.name):
        raise UnableToGrant(f"{variable} names {login.name}, the owner of the tables. Give it its own role.")
    exists = _ask("SELECT 1 FROM pg_roles WHERE rolname = %s", login.name)
    verb = sql.SQL("ALTER" if exists else "CREATE")
    # Where the address has no password, the server knows the role by other means.
    named = f"{{verb}} ROLE {{role}} LOGIN{' PASSWORD {password}' if login.password else ''}"
    made = _may(named, verb=verb, role=login.name, password=_verifier(login))
    if not made and not exists:
        raise UnableToGrant(
            f"The role {login.name} of {variable} is missing. An administrator must run:"
            f" CREATE ROLE {login.name} LOGIN PASSWORD '…';"
        )
    if _ask(_MAY_MORE, login.name):
        raise UnableToGrant(
            f"{variable} names {login.name}, which may do more than it is given: name a role that is no superuser,"
            " makes no roles, and is no member of another one."
        )


def _verifier(login: Login) -> str:
    """What the server keeps of the password, so that no log of its statements holds the password itself."""
    return _raw().pgconn.encrypt_password(login.password.encode(), login.name.encode()).decode()


def _close_the_schema() -> None:
    _may("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    _may("REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC", database=_database())


def _left_open(role: str) -> Iterator[str]:
    """What an older PostgreSQL lets everyone do, where someone else owns the schema or the database."""
    (schema, database) = _ask(
        "SELECT has_schema_privilege(%s, 'public', 'CREATE'), has_database_privilege(%s, current_database(), 'TEMPORARY')",
        role,
        role,
    )
    if schema:
        yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC;"
    if database:
        yield f"REVOKE TEMPORARY ON DATABASE {_database()} FROM PUBLIC;"


def _give(role: str, privileges: Iterable[tuple[str, str]]) -> None:
    _run("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}", role=role)
    _run("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role}", role=role)
    _run("GRANT CONNECT ON DATABASE {database} TO {role}", database=_database(), role=role)
    _run("GRANT USAGE ON SCHEMA public TO {role}", role=role)
    for table, given in privileges:
        # The text of a privilege is one of this module's.
        _run("GRANT {given} ON {table} TO {role}", given=sql.SQL(given), table=table, role=role)


def _of_web() -> Iterator[tuple[str, str]]:
    writes = {_table(label): given for label, given in WEB_WRITES.items()}
    for table in connection.introspection.table_names():
        yield table, ", ".join(filter(None, ("SELECT", writes.get(table))))


def _of_worker() -> Iterator[tuple[str, str]]:
    yield "django_migrations", "SELECT"
    for model in apps.get_models(include_auto_created=True):
        options = model._meta  # noqa: SLF001  Django's documented Meta API
        is_known = options.app_label in WORKER_READS_OF and options.label not in WORKER_MAY_NOT_READ
        if is_known and not options.proxy:
            usual = EDIT if options.app_label in WORKER_EDITS_OF else ""
            given = WORKER_WRITES.get(options.label, usual)
            yield options.db_table, ", ".join(filter(None, ("SELECT", given)))


def _table(label: str) -> str:
    """A model's. Where its app is not installed, the pods of web may have it: a login that only their settings enable has its own tables."""
    if label == CACHE:
        return str(settings.CACHES["default"]["LOCATION"])
    if label.partition(".")[0] not in apps.app_configs:
        return label.replace(".", "_").lower()
    return str(apps.get_model(label)._meta.db_table)  # noqa: SLF001  Django's documented Meta API


def _database() -> str:
    return str(connection.settings_dict["NAME"])


def _raw() -> "Connection[object]":
    connection.ensure_connection()
    raw: Connection[object] = connection.connection
    return raw


def _ask(question: str, *values: str) -> tuple[object, ...]:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return tuple(cursor.fetchone() or ())


def _run(statement: str, **names: sql.Composable | str) -> None:
    """Run it, each name quoted as one; a password as a literal."""
    quoted = {
        key: value
        if isinstance(value, sql.Composable)
        else sql.Literal(value)
        if key == "password"
        else sql.Identifier(value)
        for key, value in names.items()
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(**quoted).as_string(_raw()))


def _may(statement: str, **names: sql.Composable | str) -> bool:
    """Run it where we have the right to; say whether we had."""
    try:
        with transaction.atomic():
            _run(statement, **names)
    except ProgrammingError as error:
        if isinstance(error.__cause__, InsufficientPrivilege):
            return False
        raise
    return True
