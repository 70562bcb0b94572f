"""django-q2's ORM broker, woken by PostgreSQL instead of by polling.

`enqueue` writes the row and a NOTIFY in the caller's transaction: both or neither are seen, at commit. `dequeue` takes a
task where there is one, else waits in LISTEN for at most the poll interval, after which it looks again: so a lost
notification, or a task whose worker died, costs seconds and not the task.
"""

import logging
from time import monotonic, sleep
from typing import Any, cast

import psycopg
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models.functions import Now
from django_q.brokers import get_broker
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ

logger = logging.getLogger(__name__)
CHANNEL = "headway_queue"
RECONNECT_SECONDS = 1
BREATH_SECONDS = 1
# One statement takes a task, and two workers never the same one. The time is PostgreSQL's, here and where it is queued: to a worker
# whose clock is behind web's by a blink, a task would not be due yet when it is woken, and it would sleep on.
TAKE = """
    UPDATE django_q_ormq SET lock = statement_timestamp() + make_interval(secs => %s)
    WHERE id = (
        SELECT id FROM django_q_ormq WHERE key = %s AND lock < statement_timestamp()
        ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING id, payload
"""


class NotifyingBroker(ORM):  # type: ignore[misc]  # django-q2 carries no types
    _listening: Any = None
    """The connection that LISTENs: another one after a reconnect."""
    _take_again_at = 0.0
    """When to look without having been told, on the monotonic clock: a lost notification costs no more than that."""
    hesitate_seconds = 0.0
    """How long others who wait as well may go first."""

    def enqueue(self, task: str) -> int:
        """Queue a signed task; return its row's key."""
        entry = self.get_connection().create(key=self.list_key or Conf.CLUSTER_NAME, payload=task, lock=Now())
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
        return cast("int", entry.pk)

    def dequeue(self) -> list[tuple[int, str]] | None:
        """Take one task as (key, payload), waiting a moment; None where none came, so that the caller can be told to stop."""
        try:
            self._listen()
            if monotonic() >= self._take_again_at:
                if taken := self._take():
                    return [taken]
                self._take_again_at = monotonic() + Conf.POLL
            for _ in connection.connection.notifies(timeout=BREATH_SECONDS, stop_after=1):
                self._take_again_at = 0.0
            if not self._take_again_at:
                sleep(self.hesitate_seconds)
        except (OperationalError, InterfaceError, psycopg.Error):
            # The database went away: it comes back, or the watchdog ends us.
            logger.warning("The queue's database does not answer; trying again", exc_info=True)
            connection.close()
            self._take_again_at = 0.0
            sleep(RECONNECT_SECONDS)
        return None

    def _listen(self) -> None:
        connection.ensure_connection()
        if self._listening is not connection.connection:
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
            self._listening = connection.connection

    def _take(self) -> tuple[int, str] | None:
        with connection.cursor() as cursor:
            cursor.execute(TAKE, [Conf.RETRY, self.list_key])
            return cast("tuple[int, str] | None", cursor.fetchone())


def resume_entries(name: str) -> None:
    """Queue what was set aside in the database under another name than the queue's own, wherever that queue is."""
    with transaction.atomic():
        for entry in OrmQ.objects.select_for_update(skip_locked=True).filter(key=name).order_by("id"):
            get_broker().enqueue(entry.payload)
            entry.delete()
