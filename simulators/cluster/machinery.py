"""The controllers, wired to the store: every change wakes those whom it concerns, and nobody polls."""

from simulators.cluster.admission import Admission
from simulators.cluster.clock import Clock, WorkQueue
from simulators.cluster.container_steps import Habits
from simulators.cluster.deployment_controller import DeploymentController
from simulators.cluster.events import Recorder
from simulators.cluster.kinds import DEPLOYMENTS, EVENTS, NAMESPACES, PLAIN, PODS, REPLICA_SETS, Json
from simulators.cluster.kubelet import Kubelet
from simulators.cluster.names import timestamp
from simulators.cluster.replica_sets import ReplicaSets
from simulators.cluster.store import Change, Store, key_of


class Machinery:
    def __init__(self, store: Store, habits: Habits, admission: Admission) -> None:
        self.admission = admission
        self.clock = Clock()
        self.recorder = Recorder(store)
        self.replica_sets = ReplicaSets(store, self.clock, self.recorder, admission)
        self.deployments = DeploymentController(store, self.clock, self.recorder)
        self.kubelet = Kubelet(store, self.clock, self.recorder, habits)
        self._store = store
        self._namespaces = WorkQueue(self.clock, self._empty_namespace)
        store.listeners.append(self._notice)

    def _notice(self, change: Change) -> None:
        thing = change.new
        if change.plural == DEPLOYMENTS.plural:
            self._collect(thing, REPLICA_SETS.plural) if change.type == "DELETED" else None
            self.deployments.queue.add(key_of(thing))
        elif change.plural == REPLICA_SETS.plural:
            self._collect(thing, PODS.plural) if change.type == "DELETED" else None
            self.replica_sets.queue.add(key_of(thing))
            self._wake_owner(thing)
        elif change.plural == PODS.plural:
            self._notice_pod(change)
        elif change.plural == NAMESPACES.plural and "deletionTimestamp" in thing["metadata"]:
            self._namespaces.add(thing["metadata"]["name"])

    def _notice_pod(self, change: Change) -> None:
        pod = change.new
        if change.type == "ADDED":
            self.kubelet.accept(pod)
        elif (
            "deletionTimestamp" in pod["metadata"]
            and change.old
            and "deletionTimestamp" not in change.old["metadata"]
        ):
            self.kubelet.end(pod)
        replica_set = self._wake_owner(pod)
        if change.type == "DELETED" and replica_set is not None:
            self._wake_owner(replica_set)

    def _wake_owner(self, thing: Json) -> Json | None:
        """Wakes the controller of what owns `thing`, and answers the owner."""
        for owner in thing["metadata"].get("ownerReferences") or ():
            kind = DEPLOYMENTS if owner["kind"] == "Deployment" else REPLICA_SETS
            key = thing["metadata"]["namespace"], owner["name"]
            queue = self.deployments.queue if kind is DEPLOYMENTS else self.replica_sets.queue
            queue.add(key)
            return self._store.find(kind.plural, *key)
        return None

    def _collect(self, owner: Json, plural: str) -> None:
        """The garbage collector: what the removed object owned goes too, pods with their grace."""
        for thing in self._store.owned_by(owner["metadata"]["uid"], plural):
            if plural == PODS.plural:
                self.terminate(thing)
            else:
                self._store.remove(plural, thing)

    def orphan(self, owner: Json) -> None:
        """Frees what the object owns, so that it outlives it."""
        for plural in (REPLICA_SETS.plural, PODS.plural):
            for thing in self._store.owned_by(owner["metadata"]["uid"], plural):
                free = {key: value for key, value in thing["metadata"].items() if key != "ownerReferences"}
                self._store.replace(plural, {**thing, "metadata": free})

    def terminate(self, pod: Json) -> Json:
        """Gives the pod its deletionTimestamp; it is removed once its containers have stopped."""
        if "deletionTimestamp" in pod["metadata"]:
            return pod
        grace = pod["spec"].get("terminationGracePeriodSeconds", 30)
        metadata = {**pod["metadata"], "deletionTimestamp": timestamp(), "deletionGracePeriodSeconds": grace}
        return self._store.replace(PODS.plural, {**pod, "metadata": metadata})

    def _empty_namespace(self, name: str) -> None:
        with self._store.lock:
            namespace = self._store.find(NAMESPACES.plural, "", name)
            if namespace is None:
                return
            for plural in (DEPLOYMENTS.plural, REPLICA_SETS.plural, *(kind.plural for kind in PLAIN)):
                for thing in self._store.all_of(plural, name):
                    self._store.remove(plural, thing)
            pods = self._store.all_of(PODS.plural, name)
            for pod in pods:
                self.terminate(pod)
            if pods:
                pause = self.kubelet.start_seconds / 4
                self.clock.call_later(pause, lambda: self._namespaces.add(name))
                return
            for event in self._store.all_of(EVENTS.plural, name):
                self._store.remove(EVENTS.plural, event)
            self._store.remove(NAMESPACES.plural, namespace)
