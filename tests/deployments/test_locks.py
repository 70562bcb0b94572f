"""A lock is its holder's alone, and comes back when the holder is gone."""

import pytest
from django.db import connection

from deployments.locks import Lock, try_lock

pytestmark = pytest.mark.django_db(transaction=True)


def asked_for() -> dict[str, str]:
    """What set this session's keepalives: over a Unix socket PostgreSQL does not report them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, source FROM pg_settings WHERE name LIKE 'tcp_keepalives%'")
        return dict(cursor.fetchall())


def test_postgresql_looks_after_a_holder_whose_machine_may_be_lost() -> None:
    connection.close()
    before = asked_for()

    with try_lock(Lock.FOLLOW) as held:
        during = asked_for()

    names = ["tcp_keepalives_count", "tcp_keepalives_idle", "tcp_keepalives_interval"]
    assert held
    assert {before[name] for name in names} == {"default"}
    assert {during[name] for name in names} == {"session"}
