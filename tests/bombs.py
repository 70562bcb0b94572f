"""Pickles that make a folder when they are unpickled, in every column of every table that takes one."""

import os
import pickle
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.apps import apps
from django.core import signing
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.db.models import Model
from django.utils import timezone
from django_q import core_signing
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule, Task
from model_bakery import baker

COLUMNS = """
    SELECT table_name, column_name, udt_name FROM information_schema.columns JOIN pg_tables ON tablename = table_name
    WHERE table_schema = 'public' AND udt_name IN ('text', 'varchar', 'bpchar', 'bytea', 'json', 'jsonb')
        AND table_name <> 'django_migrations'
    ORDER BY 1, 2
"""
SESSIONS = "django.contrib.sessions.SessionStore"
SHAS = {"sha", "base", "head", "head_sha", "running_sha", "desired_sha", "seen_sha"}
KNOWN: dict[str, dict[str, Any]] = {
    "Deploy": {"status": "queued", "kind": "deploy"},
    "Site": {"name": "a.example.com", "host": "a.example.com"},
    "MappedWorkload": {"kind": "Deployment", "namespace": "default", "name": "a", "containers": []},
    "DeployStep": {"kind": "Deployment", "namespace": "default", "name": "a", "containers": ["a"]},
    "Examination": {"pk": 1, "findings": []},
    "Discovery": {"pk": 1, "steps": [], "apps": [], "namespaces": []},
    "MappingCheck": {"findings": []},
    "HeadCheck": {"pk": 1, "watched": {}},
    "HookDelivery": {"names": []},
    "CommitRange": {"commits": [], "reverts": {}},
    "Authenticator": {"type": "totp", "data": {}},
}
Place = tuple[str, str]


class Bomb:
    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.folder,)


class Pickles:
    dumps = staticmethod(pickle.dumps)


class Bombs:
    """All of them make the same folder."""

    def __init__(self, folder: Path) -> None:
        self.made = folder / "o"
        self._bomb = Bomb(self.made)

    @property
    def went_off(self) -> bool:
        return self.made.exists()

    def encoded(self) -> dict[str, str]:
        """As code that reads pickles from a table might expect them. The oldest protocol is the shortest, and fits most columns."""
        return {
            "base64": b64encode(pickle.dumps(self._bomb, 0)).decode(),
            "a queue entry": core_signing.dumps(
                self._bomb, key=Conf.SECRET_KEY, salt=Conf.PREFIX, serializer=Pickles
            ),
            "a session": signing.dumps(self._bomb, salt=SESSIONS, serializer=Pickles),
            "bare": pickle.dumps(self._bomb, 0).decode(),
            "Python": f"__import__('os').mkdir({str(self.made)!r})",
            "a function's name": "posix.mkdir",
        }

    def plant(self, text: str, *, skip: Callable[[str, str], bool] = lambda *_: False) -> set[Place]:
        """Write `text` into every row of every column that takes it; return those that did."""
        with connection.cursor() as cursor:
            cursor.execute(COLUMNS)
            columns = [each for each in cursor.fetchall() if not skip(each[0], each[1])]
        return {(table, column) for table, column, kind in columns if _set(table, column, kind, text)}


@contextmanager
def bombs() -> Iterator[Bombs]:
    with TemporaryDirectory(prefix="b") as folder:
        yield Bombs(Path(folder))


def _set(table: str, column: str, kind: str, text: str) -> bool:
    value = f"to_jsonb(%s::text)::{kind}" if kind.startswith("json") else f"%s::text::{kind}"
    # A cast to varchar(n) would cut it off; the assignment refuses what is too long.
    value = "%s::text" if kind in {"varchar", "bpchar", "text"} else value
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f'UPDATE "{table}" SET "{column}" = {value}', [text])  # noqa: S608  names of the catalogue
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            return bool(cursor.rowcount)
    except DatabaseError:
        return False


def fill_every_table() -> None:
    """Have at least one row in each table of a model, and in the cache's."""
    now = timezone.now()
    a_task = {"id": "1" * 32, "name": "n", "func": "f", "args": [1], "kwargs": {}, "result": "r"}
    Task.objects.create(**a_task, started=now, stopped=now)
    Schedule.objects.create(name="mine", func="f", args="1", kwargs="a=1", hook="h", next_run=now)
    OrmQ.objects.create(key="elsewhere", payload="p", lock=now)
    cache.set("probe", [1.5], None)
    for model in apps.get_models():
        _one_of(model)


def _one_of(model: type[Model]) -> Model | None:
    """A row of it: one that is there, else a new one."""
    if first := model._base_manager.first():
        return first
    fields = model._meta.concrete_fields
    values: dict[str, Any] = {each.name: "a" * 40 for each in fields if each.name in SHAS}
    for each in fields:
        if each.is_relation:
            values[each.name] = None if each.related_model is model else _one_of(each.related_model)
    made: Model = baker.make(model, **values | KNOWN.get(model.__name__, {}))
    return made
