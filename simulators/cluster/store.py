"""Every object of the cluster, with one revision counter and a bounded history of changes.

Objects in the store are never modified in place: a change puts a new object where the old one was, so that lists
and watches may hand them out without copying.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulators.cluster.kinds import Json

Key = tuple[str, str]


@dataclass(frozen=True)
class Change:
    """One step of the history; `old` is None for an added object, `type` is ADDED, MODIFIED or DELETED."""

    revision: int
    type: str
    plural: str
    new: Json
    old: Json | None


def copy(thing: Json) -> Json:
    """An independent copy of a JSON object."""
    made: Json = json.loads(json.dumps(thing))
    return made


def key_of(thing: Json) -> Key:
    return thing["metadata"].get("namespace", ""), thing["metadata"]["name"]


class Store:
    def __init__(self, *, history_length: int) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.revision = 1000
        self.forgotten_revision = self.revision
        self.listeners: list[Callable[[Change], None]] = []
        self.history: deque[Change] = deque(maxlen=history_length)
        self._objects: dict[str, dict[Key, Json]] = {}
        self._owned: dict[str, dict[tuple[str, Key], None]] = {}

    def find(self, plural: str, namespace: str, name: str) -> Json | None:
        with self.lock:
            return self._objects.get(plural, {}).get((namespace, name))

    def all_of(self, plural: str, namespace: str = "") -> list[Json]:
        """The objects in the order of their keys, as etcd keeps them; an empty namespace means all."""
        with self.lock:
            found = sorted(self._objects.get(plural, {}).items())
        return [thing for (where, _), thing in found if namespace in ("", where)]

    def owned_by(self, uid: str, plural: str) -> list[Json]:
        """The objects whose controller has this uid, oldest first."""
        with self.lock:
            keys = self._owned.get(uid, {})
            return [self._objects[kind][key] for kind, key in keys if kind == plural]

    def add(self, plural: str, thing: Json, *, quiet: bool = False) -> Json:
        """Adds the object; `quiet` leaves the controllers asleep, since the caller has done their work."""
        return self._put(plural, thing, None, "ADDED", quiet=quiet)

    def replace(self, plural: str, thing: Json) -> Json:
        with self.lock:
            return self._put(plural, thing, self._objects[plural][key_of(thing)], "MODIFIED")

    def remove(self, plural: str, thing: Json) -> None:
        with self.lock:
            old = self._objects[plural].pop(key_of(thing), None)
            if old is None:
                return
            for uid in _owners(old):
                self._disown(uid, plural, key_of(old))
            self._record("DELETED", plural, self._stamped(old), old)

    def changes_after(self, revision: int) -> Iterator[Change]:
        """What happened since; the caller holds the lock."""
        recent: list[Change] = []
        for change in reversed(self.history):
            if change.revision <= revision:
                break
            recent.append(change)
        return reversed(recent)

    def forget_history(self) -> None:
        with self.changed:
            self.history.clear()
            self.revision += 1
            self.forgotten_revision = self.revision
            self.changed.notify_all()

    def _put(self, plural: str, thing: Json, old: Json | None, word: str, *, quiet: bool = False) -> Json:
        with self.lock:
            new = self._stamped(thing)
            self._objects.setdefault(plural, {})[key_of(new)] = new
            for uid in set(_owners(old or {"metadata": {}})) - set(_owners(new)):
                self._disown(uid, plural, key_of(new))
            for uid in _owners(new):
                self._owned.setdefault(uid, {})[plural, key_of(new)] = None
            self._record(word, plural, new, old, quiet=quiet)
            return new

    def _disown(self, uid: str, plural: str, key: Key) -> None:
        owned = self._owned.get(uid, {})
        owned.pop((plural, key), None)
        if not owned:
            self._owned.pop(uid, None)

    def _stamped(self, thing: Json) -> Json:
        self.revision += 1
        return {**thing, "metadata": {**thing["metadata"], "resourceVersion": str(self.revision)}}

    def _record(self, word: str, plural: str, new: Json, old: Json | None, *, quiet: bool = False) -> None:
        change = Change(self.revision, word, plural, new, old)
        if len(self.history) == self.history.maxlen:
            self.forgotten_revision = self.history[0].revision
        self.history.append(change)
        if not quiet:
            for listener in self.listeners:
                listener(change)
        self.changed.notify_all()


def _owners(thing: Json) -> list[str]:
    return [
        owner["uid"] for owner in thing["metadata"].get("ownerReferences") or () if owner.get("controller")
    ]
