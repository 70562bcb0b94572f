"""Queue what is due, unless the same waits in the queue already: while the workers are busy for long, it would pile up there."""

from functools import cached_property
from typing import Any

from django.db.models.functions import Now
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task


class NotTwice:
    """For the tick alone, which looks again: who has just written what a task is to read must always queue it.

    What a worker has taken does not count, for that worker may be dead.
    """

    def queue(self, func: str, *args: Any, group: str, **kwargs: Any) -> None:
        if repr((func, [*args], kwargs)) not in self._waiting:
            async_task(func, *args, **kwargs, q_options={"group": group})

    @cached_property
    def _waiting(self) -> set[str]:
        """One statement, and only where something is due."""
        entries = OrmQ.objects.filter(key=Conf.CLUSTER_NAME, lock__lte=Now())
        tasks = (entry.task for entry in entries)
        return {repr((task.get("func"), task.get("args"), task.get("kwargs"))) for task in tasks}
