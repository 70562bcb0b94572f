"""The change token: a short text that changes whenever anything on a page does."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b

from django.db import connection
from django.db.models import TextField
from django.db.models.expressions import RawSQL

from deployments.models import ACTIVE_STATUSES

# xmin is the transaction that wrote a row, ctid the place it was written to (PostgreSQL, "System Columns"): their sum moves with
# every insert, update and delete, in whatever order the transactions commit, which no counter and no newest time does.
_ROW_VERSION = "coalesce(sum(xmin::text::bigint + hashtid(ctid)), 0) || '+' || count(*)"
_WATCHED = (
    "deployments_site",
    "deployments_mappedworkload",
    "deployments_observation",
    "deployments_pushwish_starred",
    "deployments_hold WHERE lifted_at IS NULL AND (until IS NULL OR until > asked.at)",
    # What has ended no longer changes, and leaves the active ones.
    "deployments_deploy WHERE status = ANY(%s)",
    "(SELECT xmin, ctid FROM deployments_deploy ORDER BY id DESC LIMIT 1) AS newest",
    "(SELECT xmin, ctid FROM deployments_deployevent ORDER BY id DESC LIMIT 1) AS last_event",
    "(SELECT xmin, ctid FROM deployments_deploystep ORDER BY id DESC LIMIT 100) AS steps",
    "(SELECT xmin, ctid FROM deployments_syncrun ORDER BY id DESC LIMIT 20) AS runs",
    "(SELECT xmin, ctid FROM deployments_commitrange ORDER BY id DESC LIMIT 1) AS fetched",
    "deployments_githubpause WHERE until > asked.at",
    "(SELECT xmin, ctid FROM deployments_deploybatch ORDER BY id DESC LIMIT 5) AS batches",
    "deployments_podcheck",
    "deployments_containerlog",
    "django_q_schedule WHERE name = 'sync'",
)
_ALL_ROW_VERSIONS = (
    f"SELECT concat_ws(' ', {', '.join(f'(SELECT {_ROW_VERSION} FROM {rows})' for rows in _WATCHED)}) "  # noqa: S608  constants of this module
    "FROM (SELECT %s::timestamptz AS at) AS asked"
)


def all_row_versions(*, now: datetime) -> RawSQL:
    """As part of a statement: what all rows behind the pages were written by, and where."""
    return RawSQL(f"({_ALL_ROW_VERSIONS})", _parameters(now), output_field=TextField())  # noqa: S611  constants of this module


def read_row_versions(*, now: datetime) -> str:
    """The same, with its own SQL query."""
    with connection.cursor() as cursor:
        cursor.execute(_ALL_ROW_VERSIONS, _parameters(now))
        return str(cursor.fetchone()[0])


def change_token(row_versions: str, *, now: datetime, viewer: Sequence[object] = ()) -> str:
    """Return 12 characters that stay while no row behind the pages changes, for this viewer and within this minute.

    The minute is part of it because answers age: an observation is stale, a sync overdue.
    """
    minute = int(now.timestamp()) // 60
    return blake2b(repr((row_versions, minute, *viewer)).encode(), digest_size=6).hexdigest()


def _parameters(now: datetime) -> tuple[list[str], datetime]:
    return [status.value for status in ACTIVE_STATUSES], now
