"""What the controllers of StatefulSets, DaemonSets, Jobs and CronJobs share: woken by name, they write one status."""

from simulators.cluster.clock import Clock, WorkQueue
from simulators.cluster.events import Recorder, Voice
from simulators.cluster.kinds import PODS, Json, Kind
from simulators.cluster.managed_fields import record_status
from simulators.cluster.names import timestamp
from simulators.cluster.pod_creation import PodCreation
from simulators.cluster.pods import is_ready, seconds_until_available
from simulators.cluster.store import Key, Store

MANAGER = "kube-controller-manager"
RETRY_SECONDS = 1.0


class Controller:
    """`sync` brings one object nearer to its spec; a problem that it answers is tried again after a second."""

    kind: Kind
    component: str

    def __init__(self, store: Store, clock: Clock, recorder: Recorder, pods: PodCreation) -> None:
        self.store = store
        self.clock = clock
        self.pods = pods
        self.voice = Voice(recorder, self.component)
        self.queue = WorkQueue(clock, self._reconcile)

    def sync(self, thing: Json) -> str:
        raise NotImplementedError

    def _reconcile(self, key: Key) -> None:
        with self.store.lock:
            thing = self.store.find(self.kind.plural, *key)
            if thing is None or "deletionTimestamp" in thing["metadata"]:
                return
            if self.sync(thing):
                self.again_in(thing, RETRY_SECONDS)

    def again_in(self, thing: Json, seconds: float) -> None:
        """Comes back to the object later, however much the rest is hurried."""
        key = thing["metadata"]["namespace"], thing["metadata"]["name"]
        self.clock.call_later(seconds, lambda: self.queue.add(key), patient=True)

    def own_pods(self, thing: Json) -> list[Json]:
        return self.store.owned_by(thing["metadata"]["uid"], PODS.plural)

    def is_available(self, thing: Json, pod: Json) -> bool:
        """Whether the pod has been ready for long enough; the controller comes back when it will have been."""
        if not is_ready(pod):
            return False
        left = seconds_until_available(pod, int(thing["spec"].get("minReadySeconds", 0)))
        if left > 0:
            self.again_in(thing, left)
        return left <= 0

    def write_status(self, thing: Json, status: Json) -> None:
        """Writes the status where it has changed."""
        if status == thing.get("status"):
            return
        written = {**thing, "status": status}
        fields = record_status(written, manager=MANAGER, now=timestamp())
        metadata = {**written["metadata"], "managedFields": fields}
        self.store.replace(self.kind.plural, {**written, "metadata": metadata})
