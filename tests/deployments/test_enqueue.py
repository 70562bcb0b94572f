"""The one door to the queue: a function for each task, and no other way to queue one."""

import ast
import inspect
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ

from deployments import tasks
from deployments.queue import enqueue
from deployments.queue.entries import MODULE, TASKS
from tests.factories import NOW

DOOR = Path(enqueue.__file__)
PRODUCTION = ("deployments", "dashboard", "demo", "bench", "docs", "pictures")
OF_THE_QUEUE = {"unless_in", "under", "together", "after_a_blip", "after_seconds"}
"""What says how to queue, and is no argument of the task."""
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "start_deploy": (1,),
    "check_pending_image": (1,),
    "check_rollback_images": (1,),
    "check_mapping": (1,),
    "check_pods": (1,),
    "read_log": (1,),
    "notify_deploy_ended": (1,),
    "notify_site_waits": (1, "1 commit behind."),
}
KEYWORDS: dict[str, dict[str, Any]] = {"sync": {"names": ["a.example.com"], "trigger": "person"}}


def functions(module: ModuleType) -> dict[str, Any]:
    return {
        name: each
        for name, each in vars(module).items()
        if inspect.isfunction(each)
        and each.__module__ == module.__name__
        and not name.startswith(("_", "count_"))
    }


def parameters(function: Any) -> dict[str, Any]:
    found = inspect.signature(function).parameters.values()
    return {each.name: each.annotation for each in found if each.name not in OF_THE_QUEUE}


def production_code() -> Iterator[tuple[Path, ast.AST]]:
    for folder in PRODUCTION:
        for file in (settings.BASE_DIR / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                yield file, node


def test_there_is_a_function_for_each_task_and_none_without() -> None:
    assert set(functions(enqueue)) == set(functions(tasks)) == TASKS


@pytest.mark.parametrize("name", sorted(TASKS))
def test_it_takes_what_the_task_takes(name: str) -> None:
    assert parameters(functions(enqueue)[name]) == parameters(functions(tasks)[name])


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(TASKS))
def test_it_queues_that_task_with_what_it_was_given(name: str) -> None:
    args, kwargs = ARGUMENTS.get(name, ()), KEYWORDS.get(name, {})

    functions(enqueue)[name](*args, **kwargs)

    task = OrmQ.objects.get().task
    assert (task["func"], task["args"], task["kwargs"]) == (f"{MODULE}.{name}", list(args), kwargs)
    inspect.signature(getattr(tasks, name)).bind(*task["args"], **task["kwargs"])


@pytest.mark.django_db
def test_what_waits_in_the_queue_is_queued_once_more_only_for_another() -> None:
    enqueue.start_deploy(1)

    queued = enqueue.QueuedEntries()
    enqueue.start_deploy(1, unless_in=queued)
    enqueue.start_deploy(2, unless_in=queued)

    assert [entry.task["args"] for entry in OrmQ.objects.order_by("id")] == [[1], [2]]


@pytest.mark.django_db
def test_what_a_worker_has_taken_does_not_count_as_queued() -> None:
    enqueue.follow()
    OrmQ.objects.update(lock=NOW.replace(year=2126))

    enqueue.follow(unless_in=enqueue.QueuedEntries())

    assert OrmQ.objects.count() == 2


@pytest.mark.django_db
def test_the_result_of_the_tick_alone_is_not_saved() -> None:
    enqueue.tick()
    enqueue.ping()

    tick, ping = (entry.task for entry in OrmQ.objects.order_by("id"))
    assert (tick["save"], ping.get("save")) == (False, None)


def test_nothing_else_queues_anything() -> None:
    others = {
        file.name
        for file, node in production_code()
        if (isinstance(node, ast.Name) and node.id == "async_task")
        or (isinstance(node, ast.alias) and node.name == "async_task")
        or (isinstance(node, ast.Attribute) and node.attr == "async_task")
        or (isinstance(node, ast.keyword) and node.arg == "q_options")
    }

    assert others == {DOOR.name}


def test_nothing_else_names_a_task_by_a_string() -> None:
    others = {
        (file.name, node.value)
        for file, node in production_code()
        if isinstance(node, ast.Constant) and str(node.value).startswith(f"{MODULE}.")
    }

    assert others == set()


def due_in() -> list[float]:
    """In how many seconds each entry is due."""
    return [(entry.lock - timezone.now()).total_seconds() for entry in OrmQ.objects.order_by("id")]


@pytest.mark.django_db
def test_syncs_that_are_requested_within_a_moment_are_one() -> None:
    for host in ("b.example.com", "a.example.com", "b.example.com"):
        enqueue.sync(names=[host], trigger="deploy", together=True)
    enqueue.sync(names=["c.example.com"], trigger="refusal", together=True)
    enqueue.sync(trigger="schedule")

    hosts = [entry.task["kwargs"]["names"] for entry in OrmQ.objects.order_by("id")]
    assert hosts == [["a.example.com", "b.example.com"], ["c.example.com"], []]


@pytest.mark.django_db
def test_what_a_worker_has_taken_is_joined_by_nobody() -> None:
    enqueue.sync(names=["a.example.com"], trigger="deploy", together=True)
    OrmQ.objects.update(lock=timezone.now() + timedelta(minutes=11))

    enqueue.sync(names=["b.example.com"], trigger="deploy", together=True)

    assert [entry.task["kwargs"]["names"] for entry in OrmQ.objects.order_by("id")] == [
        ["a.example.com"],
        ["b.example.com"],
    ]


@pytest.mark.django_db
def test_after_a_blip_a_deploy_is_queued_once_and_for_within_ten_seconds() -> None:
    enqueue.start_deploy(1, after_a_blip=True)
    enqueue.start_deploy(1, after_a_blip=True)
    enqueue.start_deploy(1, unless_in=enqueue.QueuedEntries())

    assert len(due_in()) == 1
    assert 0 < due_in()[0] < 10
