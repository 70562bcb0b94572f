"""The scheduler, and the kubelets of all nodes in one: from a new pod to its removal."""

from simulators.cluster.clock import Clock
from simulators.cluster.container_steps import Habits, PodKey
from simulators.cluster.containers import Containers
from simulators.cluster.events import Recorder, Voice
from simulators.cluster.kinds import PODS, Json
from simulators.cluster.names import timestamp
from simulators.cluster.pods import (
    NODES,
    asked_node,
    container_status,
    unschedulable,
    waiting,
    with_conditions,
)
from simulators.cluster.simulated_time import INSTANT_SECONDS, monotonic
from simulators.cluster.store import Store

_NO_ROOM = (
    "0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available: "
    "3 No preemption victims found for incoming pod."
)


class Kubelet:
    def __init__(self, store: Store, clock: Clock, recorder: Recorder, habits: Habits) -> None:
        self.start_seconds = habits.start_seconds
        self.containers = Containers(store, clock, recorder, habits)
        self._store = store
        self._clock = clock
        self._scheduler = Voice(recorder, "default-scheduler")
        self._voice = Voice(recorder, "kubelet")
        self._attacher = Voice(recorder, "attachdetach-controller")
        self._behaviour = habits.behaviour

    def accept(self, pod: Json) -> None:
        """Starts a new pod."""
        self._clock.call_later(0, lambda: self._schedule(_key(pod)))

    def end(self, pod: Json) -> None:
        """Stops a pod that has been given its deletionTimestamp, and removes it."""
        for status in pod["status"].get("containerStatuses", ()):
            if "running" in status["state"]:
                field = f"spec.containers{{{status['name']}}}"
                self._voice.say(pod, "Killing", f"Stopping container {status['name']}", field=field)
        self._clock.call_later(self.start_seconds / 4, lambda: self._remove(_key(pod)))

    def _remove(self, key: PodKey) -> None:
        with self._store.lock:
            pod = self._store.find(PODS.plural, key[0], key[1])
            if pod is not None and pod["metadata"]["uid"] == key[2]:
                self._store.remove(PODS.plural, pod)
                self.containers.logs.forget(key[2])

    def _schedule(self, key: PodKey) -> None:
        with self._store.lock:
            pod = self.containers.find(key)
            if pod is None:
                return
            containers, init = pod["spec"]["containers"], pod["spec"].get("initContainers") or []
            if not all(self._behaviour(one["image"]).schedulable for one in containers):
                self._no_room(key, pod)
                return
            node = asked_node(pod) or NODES[sum(map(ord, key[2])) % len(NODES)]
            state = waiting("PodInitializing" if init else "ContainerCreating")
            statuses = [container_status(one, state) for one in containers]
            status = {**pod["status"], "startTime": timestamp(), "containerStatuses": statuses}
            if init:
                status["initContainerStatuses"] = [container_status(one, state) for one in init]
            status |= {"hostIP": "10.0.0.1", "podIP": f"10.1.{ord(key[2][0])}.{ord(key[2][1])}"}
            placed = {**pod, "spec": {**pod["spec"], "nodeName": node}, "status": status}
            placed = self._store.replace(PODS.plural, with_conditions(placed))
            self._scheduler.say(placed, "Scheduled", f"Successfully assigned {key[0]}/{key[1]} to {node}")
        self._prepare(key, monotonic())

    def _no_room(self, key: PodKey, pod: Json) -> None:
        """The scheduler retries from time to time: nodes come, and other pods go."""
        waits = unschedulable(pod, _NO_ROOM)
        if waits["status"] != pod["status"]:
            self._store.replace(PODS.plural, waits)
        self._scheduler.say(pod, "FailedScheduling", _NO_ROOM, warning=True)
        again = max(1.0, self.start_seconds * 2)
        self._clock.call_later(again, lambda: self._schedule(key), patient=True)

    def _prepare(self, key: PodKey, since: float) -> None:
        """Attaches volumes, mounts them and sets up the network; then its containers begin."""
        pod = self.containers.find(key)
        if pod is None:
            return
        images = [one["image"] for one in pod["spec"]["containers"]]
        obstacle = next((found for each in images if (found := self._behaviour(each).obstacle)), None)
        if obstacle is None:
            self.containers.begin_next(key)
            return
        left = None if obstacle.seconds is None else obstacle.seconds - (monotonic() - since)
        if left is not None and left < INSTANT_SECONDS:
            if obstacle.reason == "FailedAttachVolume":
                message = 'AttachVolume.Attach succeeded for volume "pvc-1"'
                self._attacher.say(pod, "SuccessfulAttachVolume", message)
            self.containers.begin_next(key)
            return
        voice = self._attacher if obstacle.reason == "FailedAttachVolume" else self._voice
        voice.say(pod, obstacle.reason, obstacle.message, warning=True)
        again = max(1.0, self.start_seconds)
        wait = again if left is None else min(again, left)
        self._clock.call_later(wait, lambda: self._prepare(key, since), patient=True)


def _key(pod: Json) -> PodKey:
    return pod["metadata"]["namespace"], pod["metadata"]["name"], pod["metadata"]["uid"]
