"""The one door to the queue: for each task of deployments/tasks.py a function of the same name and with the same arguments.

What is queued here is written in the caller's transaction, and taken by a worker once that is committed.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models.functions import Now
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task

from deployments.queue.broker import NotifyingBroker
from deployments.queue.entries import MODULE

SYNC = f"{MODULE}.sync"
"""For the row of django-q2's schedule."""
TICK = f"{MODULE}.tick"
"""For the row that says when the tick ran last."""


class QueuedEntries:
    """The entries that no worker has taken yet: what is the same as one of them need not be queued again.

    For the tick alone, which comes again; a caller that has just written what a task is to read must always queue it.
    What a worker has taken does not count, for that worker may be dead.
    """

    def __contains__(self, entry: tuple[str, Sequence[Any], dict[str, Any]]) -> bool:
        func, args, kwargs = entry
        return repr((func, list(args), kwargs)) in self._entries

    @cached_property
    def _entries(self) -> set[str]:
        """Runs one SQL query, and only where something is due."""
        entries = OrmQ.objects.filter(key=Conf.CLUSTER_NAME, lock__lte=Now())
        tasks = (entry.task for entry in entries)
        return {repr((task.get("func"), task.get("args"), task.get("kwargs"))) for task in tasks}


def start_deploy(deploy_id: int, *, unless_in: QueuedEntries | None = None) -> None:
    _put("start_deploy", deploy_id, group="deploy", unless_in=unless_in)


def check_pending_image(deploy_id: int, *, unless_in: QueuedEntries | None = None) -> None:
    _put("check_pending_image", deploy_id, group="deploy", unless_in=unless_in)


def follow(*, unless_in: QueuedEntries | None = None) -> None:
    _put("follow", group="follow", unless_in=unless_in)


def continue_batches(*, unless_in: QueuedEntries | None = None) -> None:
    _put("continue_batches", group="batch", unless_in=unless_in)


def sync(
    *, hosts: Sequence[str] = (), trigger: str, unless_in: QueuedEntries | None = None, under: str = ""
) -> None:
    """Queue a sync of `hosts`, or of all sites where none is named.

    Set aside `under` another name than the queue's own, no worker takes it before `queue.let_go(under)`.
    """
    _put("sync", hosts=list(hosts), trigger=trigger, group="sync", unless_in=unless_in, under=under)


def fetch_commits() -> None:
    _put("fetch_commits", group="commits")


def check_rollback_images(site_id: int) -> None:
    _put("check_rollback_images", site_id, group="images")


def doctor() -> None:
    _put("doctor", group="doctor")


def ping() -> None:
    _put("ping", group="ping")


def notify_deploy_ended(deploy_id: int) -> None:
    _put("notify_deploy_ended", deploy_id, group="push")


def notify_site_waits(site_id: int, message: str) -> None:
    _put("notify_site_waits", site_id, message, group="push")


def tick() -> None:
    """Its result is not saved: the tick keeps one row of its own."""
    _put("tick", group="tick", save=False)


def _put(
    task: str,
    *args: Any,
    group: str,
    unless_in: QueuedEntries | None = None,
    under: str = "",
    save: bool = True,
    **kwargs: Any,
) -> None:
    func = f"{MODULE}.{task}"
    if unless_in is not None and (func, args, kwargs) in unless_in:
        return
    options: dict[str, Any] = {"group": group}
    if under:
        options["broker"] = NotifyingBroker(under)
    if not save:
        options["save"] = False
    async_task(func, *args, **kwargs, q_options=options)
