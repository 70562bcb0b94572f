"""Events: what controllers and kubelets say about an object, repeated ones counted instead of written again."""

from collections import OrderedDict
from dataclasses import dataclass

from simulators.cluster.kinds import EVENTS, Json
from simulators.cluster.names import new_uid, timestamp
from simulators.cluster.simulated_time import monotonic
from simulators.cluster.store import Store

KEPT = 5000
KEPT_SECONDS = 3600
"""Since it was last seen, as the API server's --event-ttl has it where nobody sets another."""


@dataclass(frozen=True)
class Voice:
    """What one component says; `field` names the part of the object that it speaks of."""

    recorder: "Recorder"
    component: str

    def say(self, thing: Json, reason: str, message: str, *, warning: bool = False, field: str = "") -> None:
        word = "Warning" if warning else "Normal"
        about = {"reason": reason, "message": message, "type": word}
        self.recorder.record(thing, about, component=self.component, field=field)


class Recorder:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: OrderedDict[tuple[str, ...], tuple[str, str, float]] = OrderedDict()
        """Those that were seen last come last: where they are, and when that was."""
        self._number = 0

    def record(self, thing: Json, about: Json, *, component: str, field: str) -> None:
        """Writes an Event about `thing`, or counts up the one that says the same."""
        metadata = thing["metadata"]
        known = (metadata["uid"], about["reason"], about["message"], field)
        with self._store.lock:
            self._forget_oldest()
            where = self._known.get(known)
            present = self._store.find(EVENTS.plural, *where[:2]) if where else None
            if present is not None:
                self._remember(known, present)
                again = {**present, "count": present["count"] + 1, "lastTimestamp": timestamp()}
                self._store.replace(EVENTS.plural, again)
                return
            event = self._event(thing, component, field) | about
            self._store.add(EVENTS.plural, event)
            self._remember(known, event)

    def _remember(self, known: tuple[str, ...], event: Json) -> None:
        self._known[known] = event["metadata"]["namespace"], event["metadata"]["name"], monotonic()
        self._known.move_to_end(known)

    def _event(self, thing: Json, component: str, field: str) -> Json:
        metadata, now = thing["metadata"], timestamp()
        self._number += 1
        involved = {
            "kind": thing["kind"],
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
            "apiVersion": thing["apiVersion"],
            "resourceVersion": metadata.get("resourceVersion", ""),
        }
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{metadata['name']}.{0x18A0000000000000 + self._number:x}",
                "namespace": metadata["namespace"],
                "uid": new_uid(),
                "creationTimestamp": now,
            },
            "involvedObject": involved | ({"fieldPath": field} if field else {}),
            "source": {"component": component},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "eventTime": None,
            "reportingComponent": component,
            "reportingInstance": "",
        }

    def _forget_oldest(self) -> None:
        while self._known:
            known, (namespace, name, seen_at) = next(iter(self._known.items()))
            if len(self._known) <= KEPT and monotonic() - seen_at < KEPT_SECONDS:
                return
            del self._known[known]
            if event := self._store.find(EVENTS.plural, namespace, name):
                self._store.remove(EVENTS.plural, event)
