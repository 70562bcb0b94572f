"""The controllers, wired to the store: every change wakes those that it concerns, and nothing polls."""

from simulators.cluster.admission import Admission
from simulators.cluster.clock import Clock, WorkQueue
from simulators.cluster.container_steps import Habits
from simulators.cluster.cron_jobs import CronJobController
from simulators.cluster.daemon_sets import DaemonSetController
from simulators.cluster.deployment_controller import DeploymentController
from simulators.cluster.events import Recorder
from simulators.cluster.jobs import JobController
from simulators.cluster.kinds import (
    CONTROLLER_REVISIONS,
    CRON_JOBS,
    DAEMON_SETS,
    DEPENDENTS,
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    KINDS,
    NAMESPACES,
    PLAIN,
    PODS,
    REPLICA_SETS,
    STATEFUL_SETS,
    WORKLOADS,
    Json,
)
from simulators.cluster.kubelet import Kubelet
from simulators.cluster.names import timestamp
from simulators.cluster.pod_creation import PodCreation
from simulators.cluster.replica_sets import ReplicaSets
from simulators.cluster.stateful_sets import StatefulSetController
from simulators.cluster.store import Change, Key, Store, key_of

_OWNERS = {kind.kind: kind for kind in KINDS if kind.plural in DEPENDENTS}


class Machinery:
    def __init__(self, store: Store, habits: Habits, admission: Admission) -> None:
        self.admission = admission
        self.clock = Clock()
        self.recorder = Recorder(store)
        self.pods = PodCreation(store, admission)
        together = store, self.clock, self.recorder
        self.replica_sets = ReplicaSets(*together, self.pods)
        self.deployments = DeploymentController(*together)
        self.cron_jobs = CronJobController(*together, self.pods)
        self.queues: dict[str, WorkQueue[Key]] = {
            DEPLOYMENTS.plural: self.deployments.queue,
            REPLICA_SETS.plural: self.replica_sets.queue,
            STATEFUL_SETS.plural: StatefulSetController(*together, self.pods).queue,
            DAEMON_SETS.plural: DaemonSetController(*together, self.pods).queue,
            JOBS.plural: JobController(*together, self.pods).queue,
            CRON_JOBS.plural: self.cron_jobs.queue,
        }
        self.kubelet = Kubelet(store, self.clock, self.recorder, habits)
        self._store = store
        self._namespaces = WorkQueue(self.clock, self._empty_namespace)
        store.listeners.append(self._notice)

    def set_pod_quota(self, namespace: str, pods: int | None) -> None:
        """The most pods of the namespace; None lifts it. ReplicaSets that miss pods try again at once, the others soon."""
        with self._store.lock:
            if pods is None:
                self.pods.quotas.pop(namespace, None)
            else:
                self.pods.quotas[namespace] = pods
            for replica_set in self._store.all_of(REPLICA_SETS.plural, namespace):
                if replica_set["status"].get("conditions"):
                    self.replica_sets.queue.add((namespace, replica_set["metadata"]["name"]))

    def _notice(self, change: Change) -> None:
        thing = change.new
        if change.plural in self.queues:
            if change.type == "DELETED":
                self._collect(thing, change.plural)
            self.queues[change.plural].add(key_of(thing))
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
            kind = _OWNERS.get(owner["kind"])
            if kind is None:
                return None
            key = thing["metadata"]["namespace"], owner["name"]
            self.queues[kind.plural].add(key)
            return self._store.find(kind.plural, *key)
        return None

    def _collect(self, owner: Json, plural: str) -> None:
        """The garbage collector: what the removed object owned goes too, pods with their grace."""
        for kind in DEPENDENTS[plural]:
            for thing in self._store.owned_by(owner["metadata"]["uid"], kind.plural):
                if kind is PODS:
                    self.terminate(thing)
                else:
                    self._store.remove(kind.plural, thing)

    def orphan(self, owner: Json) -> None:
        """Frees what the object owns, so that it outlives it."""
        for plural in (REPLICA_SETS.plural, JOBS.plural, CONTROLLER_REVISIONS.plural, PODS.plural):
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
            for kind in (*WORKLOADS, REPLICA_SETS, CONTROLLER_REVISIONS, *PLAIN):
                for thing in self._store.all_of(kind.plural, name):
                    self._store.remove(kind.plural, thing)
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
