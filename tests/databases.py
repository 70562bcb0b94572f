"""The tests' PostgreSQL: their own server, and in it a database for each process of each run.

A run is one call of pytest, with however many processes of pytest-xdist. Several runs may be under way in one checkout. A
migrated database takes seconds to make and little to copy, so there is a template of it, recreated when a migration changes.
"""

import fcntl
import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO
from weakref import ReferenceType

import psycopg
from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.models.signals import post_migrate
from django.test import TransactionTestCase
from django_q.models import Schedule
from psycopg.sql import SQL, Identifier

from dashboard.embedded_postgres import STATE, EmbeddedPostgres

SERVER = EmbeddedPostgres("tests", is_durable=False)
RUN_PREFIX = "test_"
TEMPLATE_PREFIX = "template_"
UNFINISHED = "unfinished"
KEPT = {
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
    "django_migrations",
}
"""Tables that `migrate` fills, and repairs. Web servers that outlive a test remember the keys of content types."""


def join_the_runs() -> TextIO:
    """Note that another run is under way, until the file is closed or we die; what a killed run left is ended first."""
    STATE.mkdir(exist_ok=True)
    file = (STATE / "tests.lock").open("w")
    if _is_alone(file):
        SERVER.stop()
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def leave_the_runs(file: TextIO) -> None:
    """The last one stops the server."""
    with file:
        if _is_alone(file):
            SERVER.stop()


def name_own_database(*, run: str, process: str) -> None:
    """Have Django name this process' database for the run, which shares it with nobody."""
    connection.settings_dict["TEST"]["NAME"] = f"{RUN_PREFIX}{run}_{process}"


def use_own_server() -> None:
    """Have Django make this process' database on the tests' server, as a copy of the template."""
    connection.settings_dict["HOST"] = str(SERVER.socket_folder)
    connection.settings_dict["TEST"]["TEMPLATE"] = _ready_template()


def empty_tables(_test: TransactionTestCase) -> None:
    """Take away what a transactional test has left; Django's TRUNCATE of every table takes twenty times as long."""
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False))
    # In one transaction, at whose end the foreign keys are checked. A savepoint's end would not do.
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(";".join(f'DELETE FROM "{each}"' for each in sorted(tables - KEPT)))  # noqa: S608  our own names
    ours = apps.get_app_config("deployments")
    post_migrate.send(ours, app_config=ours, verbosity=0, interactive=False, using=connection.alias)


def _ready_template() -> str:
    """Start the server and make the template where they are missing; return its name."""
    name = f"{TEMPLATE_PREFIX}{_fingerprint()}"
    with _alone():
        is_fresh = not SERVER.is_running()
        SERVER.start()
        with psycopg.connect(SERVER.url, autocommit=True) as owner:
            present = {row[0] for row in owner.execute("SELECT datname FROM pg_database")}
            # Nobody uses what is in a server that has just been started.
            for each in present - {name} if is_fresh else set():
                if each.startswith((RUN_PREFIX, TEMPLATE_PREFIX, UNFINISHED)):
                    owner.execute(SQL("DROP DATABASE {}").format(Identifier(each)))
            if name not in present:
                owner.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(UNFINISHED)))
                owner.execute(SQL("CREATE DATABASE {}").format(Identifier(UNFINISHED)))
                _fill(UNFINISHED)
                owner.execute(
                    SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(UNFINISHED), Identifier(name))
                )
    return name


def _fill(database: str) -> None:
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        call_command("migrate", verbosity=0)
        # Its next run would be in the past for a copy; it is created when the copy is migrated.
        Schedule.objects.all().delete()
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


def _fingerprint() -> str:
    """Change when a migration does, or what fills tables after each."""
    modules = {type(each).__module__ for each in MigrationLoader(None).disk_migrations.values()}
    for _, receiver, *_ in post_migrate.receivers:
        function = receiver() if isinstance(receiver, ReferenceType) else receiver
        modules.add(function.__module__)
    found = hashlib.sha256()
    for each in sorted(modules):
        found.update(each.encode() + Path(sys.modules[each].__file__ or "").read_bytes())
    return found.hexdigest()[:12]


@contextmanager
def _alone() -> Iterator[None]:
    with (STATE / "template.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_alone(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
