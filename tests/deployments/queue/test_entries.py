"""Writing what web can write, rows and signed entries, cannot make a worker run code."""

import base64
import inspect
import os
import pickle
from pathlib import Path
from typing import Any

import django_q.signing
import pytest
from django.db import connection
from django.utils import timezone
from django_q import core_signing
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule, Task
from django_q.tasks import async_task

from deployments import tasks
from deployments.queue.entries import OPTIONAL, REQUIRED, TASKS
from tests.processes import MANAGE, Running, environment, eventually

pytestmark = pytest.mark.django_db(transaction=True)
ENOUGH_SECONDS = 60


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.path,)


class Pickles:
    dumps = staticmethod(pickle.dumps)


def queue(task: dict[str, Any], *, serializer: type, key: str = "") -> None:
    """Write an entry that is signed with the right key, or with another one."""
    signed = core_signing.dumps(task, key=key or Conf.SECRET_KEY, salt=Conf.PREFIX, serializer=serializer)
    OrmQ.objects.create(key=Conf.PREFIX, payload=signed, lock=timezone.now())


def an_entry(**changes: Any) -> dict[str, Any]:
    entry = {
        "id": "1" * 32,
        "name": "n",
        "func": "deployments.tasks.continue_batches",
        "args": [],
        "kwargs": {},
    }
    return entry | {"started": timezone.now().isoformat()} | changes


def test_the_tasks_that_may_be_named_are_those_of_the_module() -> None:
    named = {
        name
        for name, each in vars(tasks).items()
        if inspect.isfunction(each) and each.__module__ == tasks.__name__ and not name.startswith("_")
    }

    assert named == TASKS


@pytest.mark.parametrize(
    "changes",
    [
        {"func": "os.system", "args": ["true"]},
        {"func": "deployments.tasks.sleep"},
        {"func": "deployments.tasks._sender"},
        {"func": "deployments.tasks.sync.__call__"},
        {"func": None},
        {"hook": "os.system"},
        {"chain": [["os.system", ["true"]]]},
        {"chain": None},
        {"cached": True},
        {"cached": 60, "group": "sync"},
        {"iter_count": 1},
        {"iter_cached": True},
        {"sync": True},
        {"sync": False},
        {"timeout": -1},
        {"cluster": "elsewhere"},
        {"broker": "os"},
        {"ack_id": 1},
        {"result": "r"},
        {"anything": "else"},
        {"started": "never"},
        {"started": None},
        {"id": "1"},
        {"id": ["1" * 32]},
        {"name": "n" * 101},
        {"name": "nul\0"},
        {"group": "a:b:keys"},
        {"save": "no"},
        {"args": "abc"},
        {"args": [{"a": 1}]},
        {"kwargs": []},
        {"kwargs": {"names": {"a": 1}}},
        {"trace": [1]},
    ],
    ids=str,
)
def test_an_entry_that_is_not_ours_is_refused(changes: dict[str, Any]) -> None:
    queue(an_entry(**changes), serializer=django_q.signing.PickleSerializer)

    with pytest.raises(django_q.signing.BadSignature):
        django_q.signing.SignedPackage.loads(OrmQ.objects.get().payload)


@pytest.mark.parametrize("missing", ["id", "name", "func", "args", "kwargs", "started"])
def test_an_entry_that_lacks_something_is_refused(missing: str) -> None:
    entry = an_entry()
    del entry[missing]
    queue(entry, serializer=django_q.signing.PickleSerializer)

    with pytest.raises(django_q.signing.BadSignature):
        django_q.signing.SignedPackage.loads(OrmQ.objects.get().payload)


def test_an_entry_that_is_no_object_is_refused() -> None:
    for each in ([], "sync", None, [["func", "deployments.tasks.sync"]]):
        queue(each, serializer=django_q.signing.PickleSerializer)  # type: ignore[arg-type]

    for entry in OrmQ.objects.all():
        with pytest.raises(django_q.signing.BadSignature):
            django_q.signing.SignedPackage.loads(entry.payload)


def test_all_that_django_q2_itself_puts_into_an_entry_is_known() -> None:
    async_task("deployments.tasks.tick", q_options={"group": "tick", "save": False, "ack_failure": True})

    task = OrmQ.objects.get().task

    assert set(task) == set(REQUIRED) | set(OPTIONAL) - {"trace"}


def test_an_entry_of_ours_comes_back_as_it_was() -> None:
    async_task(
        "deployments.tasks.sync", names=["a.example.com"], trigger="person", q_options={"group": "sync"}
    )

    task = OrmQ.objects.get().task

    assert (task["func"], task["args"], task["group"]) == ("deployments.tasks.sync", [], "sync")
    assert task["kwargs"] == {"names": ["a.example.com"], "trigger": "person"}
    assert abs((timezone.now() - task["started"]).total_seconds()) < ENOUGH_SECONDS


def test_a_result_is_read_without_classes(tmp_path: Path) -> None:
    bomb = base64.b64encode(pickle.dumps(Bomb(tmp_path / "owned"))).decode()
    Task.objects.create(
        id="1" * 32, name="n", func="f", started=timezone.now(), stopped=timezone.now(), success=True
    )
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_q_task SET result = %s", [bomb])

    read = Task.objects.get().result

    assert read == bomb
    assert not (tmp_path / "owned").exists()


@pytest.mark.slow
def test_a_worker_runs_none_of_it_and_continues(tmp_path: Path) -> None:
    owned = tmp_path / "owned"
    queue({"func": Bomb(owned)}, serializer=Pickles)
    queue(an_entry(func="os.mkdir", args=[str(owned)]), serializer=django_q.signing.PickleSerializer)
    queue(an_entry(), serializer=django_q.signing.PickleSerializer, key="the one before it was rotated")
    Schedule.objects.create(name="evil", func="os.mkdir", args=repr(str(owned)), next_run=timezone.now())

    with Running(
        [*MANAGE, "worker"], environment(tmp_path, KUBECONFIG=""), log=tmp_path / "worker.log"
    ) as worker:
        mine = async_task("deployments.tasks.continue_batches")
        ran = eventually(Task.objects.filter(id=mine).exists, seconds=ENOUGH_SECONDS)
        emptied = eventually(lambda: not OrmQ.objects.exists(), seconds=ENOUGH_SECONDS)

    assert ran, worker.message
    assert emptied, worker.message
    assert not owned.exists()
