"""Other sessions of the tests' database: what they hold, and who waits for it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from deployments.locks import Lock, try_lock

WITHIN_SECONDS = 20


@contextmanager
def held_elsewhere(lock: Lock) -> Iterator[None]:
    """Have another session hold the lock to the end of the block."""
    is_held, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        with try_lock(lock) as held:
            assert held
            is_held.set()
            is_over.wait(WITHIN_SECONDS)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert is_held.wait(WITHIN_SECONDS)
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def someone_waits_for_a_lock() -> bool:
    """Whether another session waits for what one has locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])
