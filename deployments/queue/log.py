"""One log line for each task of the queue, and the task's name, site and Deploy in every line that it logs."""

import logging
from typing import Any

from django.utils import timezone
from django_q.signals import post_execute_in_worker, pre_execute
from structlog.contextvars import bind_contextvars, clear_contextvars

logger = logging.getLogger(__name__)
ABOUT_A_DEPLOY = {"start_deploy", "check_pending_image"}
OFTEN = {"tick", "follow"}


def listen() -> None:
    """Have the queue log its tasks; once for each process."""
    pre_execute.connect(_begin, dispatch_uid="headway-task-log")
    post_execute_in_worker.connect(_end, dispatch_uid="headway-task-log")


def _begin(*, task: dict[str, Any], **_: Any) -> None:
    name = _name(task)
    clear_contextvars()
    bind_contextvars(task=name, task_id=task["id"])
    if name in ABOUT_A_DEPLOY and task["args"]:
        bind_contextvars(deploy=task["args"][0])
    names = task["kwargs"].get("names")
    if names and isinstance(names, list):
        bind_contextvars(site=names[0] if len(names) == 1 else list(names))


def _end(*, task: dict[str, Any], **_: Any) -> None:
    name = _name(task)
    seconds = {"seconds": round((timezone.now() - task["started"]).total_seconds(), 3)}
    if not task.get("success", False):
        logger.error("Task %s failed: %s", name, task.get("result"), extra=seconds)
    else:
        logger.log(logging.DEBUG if name in OFTEN else logging.INFO, "Task %s is done", name, extra=seconds)
    clear_contextvars()


def _name(task: dict[str, Any]) -> str:
    return str(task["func"]).rpartition(".")[2]
