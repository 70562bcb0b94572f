"""What every step of a container's life shares: its pod, its status in it, and the kubelet's events."""

from collections.abc import Callable
from dataclasses import dataclass

from simulators.cluster.behaviour import Behaviour
from simulators.cluster.clock import Clock
from simulators.cluster.events import Recorder, Voice
from simulators.cluster.kinds import PODS, Json
from simulators.cluster.names import image_digest
from simulators.cluster.pods import STATUS_LISTS, is_active, with_conditions
from simulators.cluster.store import Store

PodKey = tuple[str, str, str]
_BACK_OFF_AT_MOST = 16


@dataclass(frozen=True, kw_only=True)
class Habits:
    """What the outside decides: which images there are, and how their containers behave.

    `image_id` says under which digest an image's name is pulled now, as a kubelet reports it.
    `start_seconds` is the time from a pod's creation to its readiness; back-offs are multiples of it.
    """

    image_exists: Callable[[str], bool]
    behaviour: Callable[[str], Behaviour]
    start_seconds: float
    image_id: Callable[[str], str] = image_digest


class Steps:
    def __init__(self, store: Store, clock: Clock, recorder: Recorder, habits: Habits) -> None:
        self._store = store
        self._clock = clock
        self._voice = Voice(recorder, "kubelet")
        self._habits = habits

    def find(self, key: PodKey) -> Json | None:
        """The pod, if it is still there and is to live."""
        pod = self._store.find(PODS.plural, key[0], key[1])
        alive = pod is not None and pod["metadata"]["uid"] == key[2] and is_active(pod)
        return pod if alive else None

    @property
    def _pause(self) -> float:
        return self._habits.start_seconds / 4

    def _back_off(self, attempt: int) -> float:
        return self._habits.start_seconds * min(_BACK_OFF_AT_MOST, 1 << attempt)

    def _later(
        self, seconds: float, step: Callable[..., None], *arguments: object, patient: bool = False
    ) -> None:
        self._clock.call_later(seconds, lambda: step(*arguments), patient=patient)

    def _say(self, pod: Json, container: str, reason: str, message: str, *, warning: bool = False) -> None:
        names = {one["name"] for one in pod["spec"].get("initContainers") or ()}
        kind = "initContainers" if container in names else "containers"
        self._voice.say(pod, reason, message, warning=warning, field=f"spec.{kind}{{{container}}}")

    def _update(self, key: PodKey, name: str, change: Callable[[Json], Json]) -> Json | None:
        """Changes one container's status; the pod as it is then, None when it is gone."""
        with self._store.lock:
            pod = self.find(key)
            if pod is None:
                return None
            lists = {
                each: [change(one) if one["name"] == name else one for one in pod["status"][each]]
                for each in STATUS_LISTS
                if each in pod["status"]
            }
            changed = with_conditions({**pod, "status": {**pod["status"], **lists}})
            return self._store.replace(PODS.plural, changed)
