"""Migrating from several pods at once."""

import threading
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from deployments.locks import Lock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def someone_else() -> psycopg.Connection:
    """Another process' connection to the same database."""
    with psycopg.connect(
        **connection.get_connection_params() | {"context": None, "cursor_factory": psycopg.Cursor}
    ) as other:
        other.autocommit = True
        yield other


def test_it_migrates() -> None:
    recorder = MigrationRecorder(connection)
    assert recorder.applied_migrations()

    call_command("upgrade", verbosity=0)

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (0,)


def test_one_process_waits_for_another(someone_else: psycopg.Connection) -> None:
    someone_else.execute("SELECT pg_advisory_lock(%s)", [Lock.UPGRADE.value])
    leaves = threading.Timer(0.5, someone_else.execute, ["SELECT pg_advisory_unlock_all()"])
    leaves.start()

    call_command("upgrade", wait=60, verbosity=0, stdout=StringIO())

    leaves.join()
    assert not leaves.is_alive()


def test_who_waits_too_long_says_so(someone_else: psycopg.Connection) -> None:
    someone_else.execute("SELECT pg_advisory_lock(%s)", [Lock.UPGRADE.value])

    with pytest.raises(CommandError, match="Another process has been migrating"):
        call_command("upgrade", wait=0.2, verbosity=0)
