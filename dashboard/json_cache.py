"""Django's database cache with JSON in place of pickles: a row that someone else wrote is at worst a miss.

The table is the one that `createcachetable` makes. Django's own backend unpickles whatever that table holds, so that a person who can
write one row runs code in every process that reads it.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import BaseDatabaseCache
from django.db import connection
from django.utils import timezone

_FOREVER = datetime.max.replace(tzinfo=UTC)
_READ = 'SELECT value FROM "{table}" WHERE cache_key = %s AND expires > %s'
_SET = """
    INSERT INTO "{table}" (cache_key, value, expires) VALUES (%s, %s, %s)
    ON CONFLICT (cache_key) DO UPDATE SET value = excluded.value, expires = excluded.expires
"""
_ADD = _SET + ' WHERE "{table}".expires <= %s'
_TOUCH = 'UPDATE "{table}" SET expires = %s WHERE cache_key = %s AND expires > %s'
_DELETE = 'DELETE FROM "{table}" WHERE cache_key = %s'
_CLEAR = 'DELETE FROM "{table}"'
_DROP_EXPIRED = 'DELETE FROM "{table}" WHERE expires <= %s'
_DROP_ABOVE = 'DELETE FROM "{table}" WHERE cache_key IN (SELECT cache_key FROM "{table}" ORDER BY expires DESC OFFSET %s)'


class JsonDatabaseCache(BaseDatabaseCache):
    """Keeps plain values: what JSON can say. Raises TypeError for anything else."""

    _table: str

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        name = self.make_and_validate_key(key, version=version)
        with connection.cursor() as cursor:
            cursor.execute(_READ.format(table=self._table), [name, timezone.now()])
            row = cursor.fetchone()
        try:
            return json.loads(row[0]) if row else default
        except (ValueError, RecursionError):
            # Not written by this class: an older version's pickle, or a stranger's.
            return default

    def set(
        self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        self._write(_SET, [self.make_and_validate_key(key, version=version), value, timeout])

    def add(
        self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        name = self.make_and_validate_key(key, version=version)
        return self._write(_ADD, [name, value, timeout], timezone.now())

    def touch(self, key: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        name = self.make_and_validate_key(key, version=version)
        return bool(self._change(_TOUCH, [self._expiry(timeout), name, timezone.now()]))

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._change(_DELETE, [self.make_and_validate_key(key, version=version)]))

    def clear(self) -> None:
        self._change(_CLEAR, [])

    def _write(self, statement: str, entry: Sequence[Any], *more: Any) -> bool:
        name, value, timeout = entry
        self._change(_DROP_EXPIRED, [timezone.now()])
        written = self._change(statement, [name, json.dumps(value), self._expiry(timeout), *more])
        self._change(_DROP_ABOVE, [self._max_entries])
        return bool(written)

    def _expiry(self, timeout: float | None) -> datetime:
        until = self.get_backend_timeout(timeout)
        return _FOREVER if until is None else datetime.fromtimestamp(until, tz=UTC)

    def _change(self, statement: str, values: Sequence[Any]) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement.format(table=self._table), list(values))
            return int(cursor.rowcount)
