"""Advisory locks: one holder among all processes, and a process that dies releases it."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from django.db import connection


class Lock(IntEnum):
    """The numbers are ours alone in the database, and never change their meaning."""

    SYNC = 7_400_001
    FOLLOW = 7_400_002
    SCHEDULES = 7_400_003
    COMMITS = 7_400_005
    HOOKS = 7_400_006
    PULL = 7_400_007
    WELCOME = 7_400_011
    UPGRADE = 7_400_020


# Of a holder whose machine is lost PostgreSQL hears nothing, and would keep its lock for the two hours after which Linux asks an
# idle connection for an answer. So it asks for one after half a minute, and gives up after another.
_TRY = """
    SELECT pg_try_advisory_lock(%s), set_config('tcp_keepalives_idle', '30', false),
        set_config('tcp_keepalives_interval', '10', false), set_config('tcp_keepalives_count', '3', false)
"""


@contextmanager
def try_lock(lock: Lock, *, wait_seconds: float = 0) -> Iterator[bool]:
    """Hold `lock` within the block, waiting up to `wait_seconds` for it; yields False where another process kept it."""
    held = _acquire(lock) if not wait_seconds else _acquire_within(lock, wait_seconds)
    try:
        yield held
    finally:
        if held and connection.connection is not None and not connection.connection.closed:
            _ask("SELECT pg_advisory_unlock(%s)", lock)


def _acquire(lock: Lock) -> bool:
    return _ask(_TRY, lock)


def _acquire_within(lock: Lock, seconds: float) -> bool:
    from time import monotonic, sleep

    until = monotonic() + seconds
    while not (held := _acquire(lock)) and monotonic() < until:
        sleep(min(0.1, seconds))
    return held


def _ask(statement: str, lock: Lock) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, [lock.value])
        return bool(cursor.fetchone()[0])
