"""What a queue entry may say: the name of one of our tasks, plain values, and nothing else that django-q2 acts on.

django-q2 writes pickles, calls whatever function an entry names, and whatever hook a result names. An entry's other keys have it
read the cache, queue a chain, or give a task more time. An attacker in web, which has the database and the key that signs
entries, could so run code in the worker, which has the cluster's credentials.
So an entry is JSON and rebuilt from the keys below, results are JSON, and there are no hooks: docs/decisions/0009-queue-entries.md.
"""

import json
import re
from collections.abc import Callable
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
        *("discover", "check_mapping", "check_provenance"),
        *("queue_hook_syncs", "pull_hooks", "check_heads", "fetch_signing_keys"),
        *("check_pods", "read_log"),
    }
)
"""All of deployments/tasks.py, which is not imported here: web has no use for what it imports."""


def _matches(pattern: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _is_task(value: Any) -> bool:
    module, _, name = str(value).rpartition(".")
    return module == MODULE and name in TASKS


def _is_plain(value: Any) -> bool:
    """A value, or a list of values: what our tasks take."""
    values = value if isinstance(value, list) else [value]
    return all(each is None or isinstance(each, str | int | float) for each in values)


def _is_plain_list(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_plain, value))


def _is_plain_dict(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_plain, value.values()))


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


REQUIRED: dict[str, Callable[[Any], bool]] = {
    "id": _matches("[0-9a-f]{32}"),
    "name": _matches("[ -~]{1,100}"),
    "func": _is_task,
    "args": _is_plain_list,
    "kwargs": _is_plain_dict,
    "started": lambda value: isinstance(value, str) and parse_time(value) is not None,
}
OPTIONAL: dict[str, Callable[[Any], bool]] = {
    "group": _matches("[a-z_-]{1,40}"),
    "save": _is_bool,
    "ack_failure": _is_bool,
    # Of OpenTelemetry: dashboard/tracing.py.
    "trace": _is_plain_dict,
}
"""All others are refused, those that django-q2 acts on first: hook, chain, cached, iter_count, iter_cached, sync, timeout, cluster."""


def _entry(task: dict[str, Any]) -> dict[str, Any]:
    """The entry, built from what it may say. Raises ValueError, TypeError or KeyError where it says anything else."""
    if unknown := set(task) - set(REQUIRED) - set(OPTIONAL):
        raise ValueError(f"An entry says nothing of {', '.join(sorted(unknown))}.")
    allowed = REQUIRED | {key: is_right for key, is_right in OPTIONAL.items() if key in task}
    if wrong := [key for key, is_right in allowed.items() if not is_right(task[key])]:
        raise ValueError(f"{wrong[0]} is {str(task[wrong[0]])[:100]!r}, which no entry of ours says.")
    return {key: task[key] for key in allowed} | {"started": parse_time(task["started"])}


class JsonSerializer:
    """Replaces django-q2's serializer, which uses pickle."""

    @staticmethod
    def dumps(task: dict[str, Any]) -> bytes:
        return json.dumps(task, cls=DjangoJSONEncoder).encode()

    @staticmethod
    def loads(data: bytes) -> dict[str, Any]:
        """The entry. Raises BadSignature, on which django-q2 drops an entry, for anything but our own tasks."""
        try:
            return _entry(json.loads(data))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise signing.BadSignature("This entry is not one of ours.") from error


def _written(value: Any, **_: Any) -> bytes:
    """In place of pickle.dumps: what cannot be said in JSON is written as its text."""
    return json.dumps(value, default=str).encode()


def harden() -> None:
    """Have django-q2 read and write its rows so, in this process."""
    signing.PickleSerializer = JsonSerializer
    picklefield.fields.dumps = _written
    picklefield.fields.loads = json.loads
    post_save.disconnect(signals.call_hook, sender=Task)
