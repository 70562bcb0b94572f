"""What a queue entry may say: the name of one of our tasks, and plain values.

django-q2 writes pickles, calls whatever function an entry names, and whatever hook a result names. Whoever broke into web, which
has the database and the key that signs entries, could so run code in the worker, which has the cluster's credentials.
So entries are JSON and name a task of ours, results are read without classes, and there are no hooks:
docs/decisions/0009-queue-entries.md.
"""

import json
import pickle
from io import BytesIO
from typing import Any

import picklefield.fields
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models.signals import post_save
from django_q import signals, signing
from django_q.models import Task

from deployments.rules.times import parse_time

MODULE = "deployments.tasks"
TASKS = frozenset(
    {
        *("start_deploy", "check_pending_image", "follow", "continue_batches", "sync", "fetch_commits"),
        *("check_rollback_images", "doctor", "ping", "notify_deploy_ended", "notify_site_waits", "tick"),
    }
)
"""All of deployments/tasks.py, which is not imported here: web has no use for what it imports."""


class JsonSerializer:
    """Stands in for django-q2's serializer, which uses pickle."""

    @staticmethod
    def dumps(task: dict[str, Any]) -> bytes:
        return json.dumps(task, cls=DjangoJSONEncoder).encode()

    @staticmethod
    def loads(data: bytes) -> dict[str, Any]:
        """The entry. Raises BadSignature, on which django-q2 throws an entry away, for anything but a task of ours."""
        try:
            task: dict[str, Any] = json.loads(data)
            started = parse_time(task["started"])
        except (ValueError, TypeError, KeyError) as error:
            raise signing.BadSignature("This entry is not one of ours.") from error
        module, _, name = str(task.get("func")).rpartition(".")
        if started is None or module != MODULE or name not in TASKS or task.get("hook") or task.get("chain"):
            raise signing.BadSignature(f"{task.get('func')} is no task of ours.")
        return task | {"started": started}


class _WithoutClasses(pickle.Unpickler):  # its point is what it refuses
    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"A result holds plain values, and not {module}.{name}.")


def _plain(data: bytes) -> Any:
    return _WithoutClasses(BytesIO(data)).load()


def harden() -> None:
    """Have django-q2 read and write its rows so, in this process."""
    signing.PickleSerializer = JsonSerializer
    picklefield.fields.loads = _plain
    post_save.disconnect(signals.call_hook, sender=Task)
