"""The only way into the queue: for each task in deployments/tasks.py a function with the same name and arguments.

What is queued here is written in the caller's transaction, and taken by a worker once that is committed.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models.functions import Now
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task

from deployments.queue.broker import SOON, NotifyingBroker
from deployments.queue.entries import MODULE

SYNC = f"{MODULE}.sync"
"""For the row of django-q2's schedule."""
TICK = f"{MODULE}.tick"
"""For the row that says when the tick ran last."""


SYNC_AFTER_SECONDS = 2
AGAIN_AFTER_SECONDS = 5


class QueuedEntries:
    """The entries that no worker has taken yet, those that are due soon among them: what is the same as one of them need not be queued again.

    For the tick and for pages, which come again; a caller that has just written what a task is to read must always queue it.
    What a worker has taken does not count, for that worker may be dead.
    """

    def __contains__(self, entry: tuple[str, Sequence[Any], dict[str, Any]]) -> bool:
        func, args, kwargs = entry
        return repr((func, list(args), kwargs)) in self._entries

    @cached_property
    def _entries(self) -> set[str]:
        """Runs one SQL query, and only where something is due."""
        entries = OrmQ.objects.filter(key=Conf.CLUSTER_NAME, lock__lte=Now() + SOON)
        tasks = (entry.task for entry in entries)
        return {repr((task.get("func"), task.get("args"), task.get("kwargs"))) for task in tasks}


def start_deploy(
    deploy_id: int, *, unless_in: QueuedEntries | None = None, after_a_blip: bool = False
) -> None:
    """Queue it; `after_a_blip`, for in a moment, unless it is queued."""
    if not after_a_blip:
        _put("start_deploy", deploy_id, group="deploy", unless_in=unless_in)
    elif _can_put_off():
        # Else the tick takes it up.
        queued, after = QueuedEntries(), AGAIN_AFTER_SECONDS
        _put("start_deploy", deploy_id, group="deploy", unless_in=queued, after_seconds=after)


def check_pending_image(deploy_id: int, *, unless_in: QueuedEntries | None = None) -> None:
    _put("check_pending_image", deploy_id, group="deploy", unless_in=unless_in)


def follow(*, unless_in: QueuedEntries | None = None) -> None:
    _put("follow", group="follow", unless_in=unless_in)


def continue_batches(*, unless_in: QueuedEntries | None = None) -> None:
    _put("continue_batches", group="batch", unless_in=unless_in)


def sync(
    *,
    names: Sequence[str] = (),
    trigger: str,
    unless_in: QueuedEntries | None = None,
    under: str = "",
    together: bool = False,
    after_seconds: float = 0,
) -> None:
    """Queue a sync of `names`, or of all sites where none is named; due at once, or `after_seconds`.

    Set aside `under` another name than the queue's own, no worker takes it before `queue.let_go(under)`.
    `together` with all that ask so for the same reason within a moment, it is one sync; call it within a transaction.
    """
    if together:
        names = _with_those_who_wait(names, trigger)
    after = after_seconds or (SYNC_AFTER_SECONDS if together else 0)
    _put(
        "sync",
        names=list(names),
        trigger=trigger,
        group="sync",
        unless_in=unless_in,
        under=under,
        after_seconds=after,
    )


def _with_those_who_wait(names: Sequence[str], trigger: str) -> list[str]:
    """These names and those of the syncs that wait for the same reason, whose entries are taken back.

    In the caller's transaction, so that no worker looks before its rows are there.
    """
    together = set(names)
    waiting = OrmQ.objects.filter(key=Conf.CLUSTER_NAME, lock__lte=Now() + SOON)
    same = [entry.pk for entry in waiting if _syncs_hosts(entry.task, trigger)]
    # Whichever a worker takes at this moment is left to it.
    for entry in waiting.select_for_update(skip_locked=True).filter(pk__in=same):
        together |= set(entry.task["kwargs"]["names"])
        entry.delete()
    return sorted(together)


def _syncs_hosts(task: dict[str, Any], trigger: str) -> bool:
    return _is_sync(task, trigger) and bool(task["kwargs"].get("names"))


def _is_sync(task: dict[str, Any], trigger: str) -> bool:
    return task.get("func") == SYNC and (task.get("kwargs") or {}).get("trigger") == trigger


def count_syncs(trigger: str) -> int:
    """How many syncs for this reason are queued, set aside or running. Runs one SQL query."""
    tasks = (entry.task for entry in OrmQ.objects.all())
    return sum(_is_sync(task, trigger) for task in tasks)


def fetch_commits(*, after_seconds: float = 0) -> None:
    """Where the queue's broker cannot put it off, the next sync queues it."""
    if not after_seconds or _can_put_off():
        _put("fetch_commits", group="commits", after_seconds=after_seconds)


def check_rollback_images(site_id: int) -> None:
    _put("check_rollback_images", site_id, group="images")


def check_pods(site_id: int) -> None:
    _put("check_pods", site_id, group="pods", save=False)


def read_log(log_id: int) -> None:
    _put("read_log", log_id, group="pods", save=False)


def doctor() -> None:
    _put("doctor", group="doctor")


def discover() -> None:
    _put("discover", group="doctor")


def check_mapping(site_id: int) -> None:
    _put("check_mapping", site_id, group="doctor")


def check_provenance(site_id: int, *, unless_in: QueuedEntries | None = None) -> None:
    _put("check_provenance", site_id, group="commits", save=False, unless_in=unless_in)


def ping() -> None:
    _put("ping", group="ping")


def notify_deploy_ended(deploy_id: int) -> None:
    _put("notify_deploy_ended", deploy_id, group="push")


def notify_site_waits(site_id: int, message: str) -> None:
    _put("notify_site_waits", site_id, message, group="push")


def tick() -> None:
    """Its result is not saved: the tick keeps its own row."""
    _put("tick", group="tick", save=False)


def queue_hook_syncs(*, unless_in: QueuedEntries | None = None, after_seconds: float = 0) -> None:
    _put("queue_hook_syncs", group="hooks", save=False, unless_in=unless_in, after_seconds=after_seconds)


def pull_hooks(*, unless_in: QueuedEntries | None = None, after_seconds: float = 0) -> None:
    _put("pull_hooks", group="hooks", save=False, unless_in=unless_in, after_seconds=after_seconds)


def check_heads(*, unless_in: QueuedEntries | None = None, after_seconds: float = 0) -> None:
    _put("check_heads", group="heads", save=False, unless_in=unless_in, after_seconds=after_seconds)


def fetch_signing_keys(*, unless_in: QueuedEntries | None = None) -> None:
    _put("fetch_signing_keys", group="hooks", unless_in=unless_in)


def _put(
    task: str,
    *args: Any,
    group: str,
    unless_in: QueuedEntries | None = None,
    under: str = "",
    save: bool = True,
    after_seconds: float = 0,
    **kwargs: Any,
) -> None:
    func = f"{MODULE}.{task}"
    if unless_in is not None and (func, args, kwargs) in unless_in:
        return
    options: dict[str, Any] = {"group": group}
    if under or (after_seconds and _can_put_off()):
        broker = NotifyingBroker(under or None)
        broker.after_seconds = after_seconds
        options["broker"] = broker
    if not save:
        options["save"] = False
    async_task(func, *args, **kwargs, q_options=options)


def _can_put_off() -> bool:
    """Whether the queue's broker is ours, which can; an entry of another's is due at once."""
    return isinstance(get_broker(), NotifyingBroker)
