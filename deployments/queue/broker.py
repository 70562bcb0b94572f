"""django-q2's ORM broker, woken by PostgreSQL instead of by polling.

`enqueue` writes the row and a NOTIFY in the caller's transaction: both or neither are seen, at commit. `dequeue` takes a
task where there is one, else waits in LISTEN for at most the poll interval, after which it checks again: so a lost
notification, or a task whose worker died, costs seconds and not the task.
"""

import logging
from datetime import timedelta
from math import inf
from time import monotonic, sleep
from typing import Any, cast

import psycopg
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django_q.brokers import get_broker
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ

logger = logging.getLogger(__name__)
CHANNEL = "headway_queue"
SOON = timedelta(seconds=40)
"""No entry is put off for longer."""
RECONNECT_SECONDS = 1
BREATH_SECONDS = 1
# One SQL statement takes a task, so two workers never take the same one. The time is PostgreSQL's, here and where it is queued: to a worker
# whose clock is behind web's by a blink, a task would not be due yet when it is woken, and it would sleep on.
# Where none is due, it returns in how many seconds the next one is.
TAKE = """
    WITH taken AS (
        UPDATE django_q_ormq SET lock = statement_timestamp() + make_interval(secs => %s)
        WHERE id = (
            SELECT id FROM django_q_ormq WHERE key = %s AND lock < statement_timestamp()
            ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        RETURNING id, payload
    )
    SELECT id, payload, NULL FROM taken
    UNION ALL
    SELECT NULL, NULL, extract(epoch FROM min(lock) - statement_timestamp())::float FROM django_q_ormq
    WHERE key = %s AND lock >= statement_timestamp() AND NOT EXISTS (SELECT FROM taken)
"""


class NotifyingBroker(ORM):  # type: ignore[misc]  # django-q2 carries no types
    _listening: Any = None
    """The connection that LISTENs: another one after a reconnect."""
    _take_again_at = 0.0
    """When to check without a notification, on the monotonic clock: a lost notification costs no more than that."""
    _next_in_seconds = inf
    """When the next task is due, as far as that was known when none was."""
    hesitate_seconds = 0.0
    """How long others who wait as well may go first."""
    after_seconds = 0.0
    """How much later than now what is queued is due."""

    def enqueue(self, task: str) -> int:
        """Queue a signed task; return its row's key."""
        due = Now() + timedelta(seconds=self.after_seconds)
        entry = self.get_connection().create(key=self.list_key or Conf.CLUSTER_NAME, payload=task, lock=due)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
        return cast("int", entry.pk)

    def dequeue(self) -> list[tuple[int, str]] | None:
        """Take one task as (key, payload), waiting a moment; None where none came, so that the caller can be stopped."""
        try:
            self._listen()
            if monotonic() >= self._take_again_at:
                if taken := self._take():
                    return [taken]
                self._take_again_at = monotonic() + min(Conf.POLL, self._next_in_seconds)
            for _ in connection.connection.notifies(timeout=BREATH_SECONDS, stop_after=1):
                self._take_again_at = 0.0
            if not self._take_again_at:
                sleep(self.hesitate_seconds)
        except (OperationalError, InterfaceError, psycopg.Error):
            # The database went away: it comes back, or the watchdog ends us.
            logger.warning("The queue's database does not answer; retrying", exc_info=True)
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
            cursor.execute(TAKE, [Conf.RETRY, self.list_key, self.list_key])
            pk, payload, next_in_seconds = cursor.fetchone() or (None, None, None)
        self._next_in_seconds = inf if next_in_seconds is None else next_in_seconds
        return None if pk is None else (pk, cast("str", payload))


def taken_entries(*, ago: timedelta) -> QuerySet[OrmQ]:
    """What was taken at least so long ago, and is neither done nor given back: its worker is at it, or has died."""
    until = Now() + timedelta(seconds=Conf.RETRY) - ago
    return cast(
        "QuerySet[OrmQ]", OrmQ.objects.filter(key=Conf.CLUSTER_NAME, lock__gt=Now() + SOON, lock__lte=until)
    )


def release_entries(func: str, *, taken_ago: timedelta) -> None:
    """Let another worker take at once what one has died over: else it would be taken again after RETRY."""
    taken = taken_entries(ago=taken_ago)
    ours = [entry.pk for entry in taken if entry.task.get("func") == func]
    if ours and OrmQ.objects.filter(pk__in=ours).update(lock=Now()):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def resume_entries(name: str) -> None:
    """Queue what was set aside in the database under another name than the queue's own, wherever that queue is."""
    with transaction.atomic():
        for entry in OrmQ.objects.select_for_update(skip_locked=True).filter(key=name).order_by("id"):
            get_broker().enqueue(entry.payload)
            entry.delete()
