"""ReplicaSets: made from a Deployment's template, and kept at their number of pods."""

from simulators.cluster.clock import Clock, WorkQueue
from simulators.cluster.events import Recorder, Voice
from simulators.cluster.kinds import DEPLOYMENTS, PODS, REPLICA_SETS, Json
from simulators.cluster.names import new_uid, template_hash, timestamp
from simulators.cluster.pod_creation import PodCreation
from simulators.cluster.pods import is_active, is_ready, new_pod, owner, seconds_until_available
from simulators.cluster.store import Key, Store, copy

REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"


def new_replica_set(deployment: Json, replicas: int, annotations: Json) -> Json:
    """A ReplicaSet for the Deployment's present template."""
    template = copy(deployment["spec"]["template"])
    digest = template_hash(template)
    labels = {**(template["metadata"].get("labels") or {}), HASH: digest}
    template["metadata"]["labels"] = labels
    selector = copy(deployment["spec"]["selector"])
    selector["matchLabels"] = {**selector.get("matchLabels", {}), HASH: digest}
    metadata = {
        "name": f"{deployment['metadata']['name']}-{digest}",
        "namespace": deployment["metadata"]["namespace"],
        "uid": new_uid(),
        "creationTimestamp": timestamp(),
        "generation": 1,
        "labels": labels,
        "annotations": annotations,
        "ownerReferences": [owner(DEPLOYMENTS, deployment)],
    }
    spec: Json = {"replicas": replicas, "selector": selector, "template": template}
    if seconds := deployment["spec"].get("minReadySeconds"):
        spec["minReadySeconds"] = seconds
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": metadata,
        "spec": spec,
        "status": {"replicas": 0},
    }


def template_of(replica_set: Json) -> Json:
    """The ReplicaSet's template without the label that distinguishes it from others."""
    template = copy(replica_set["spec"]["template"])
    template["metadata"]["labels"].pop(HASH, None)
    return template


class ReplicaSets:
    """The ReplicaSet controller."""

    def __init__(self, store: Store, clock: Clock, recorder: Recorder, pods: PodCreation) -> None:
        self._pods = pods
        self._store = store
        self._clock = clock
        self._voice = Voice(recorder, "replicaset-controller")
        self.queue = WorkQueue(clock, self._reconcile)

    def _reconcile(self, key: Key) -> None:
        with self._store.lock:
            replica_set = self._store.find(REPLICA_SETS.plural, *key)
            if replica_set is None:
                return
            problem = ""
            if not replica_set["metadata"].get("deletionTimestamp"):
                problem = self._keep_number(replica_set)
            self._write_status(replica_set, problem)
            if problem:
                self._clock.call_later(1, lambda: self.queue.add(key), patient=True)

    def _active(self, replica_set: Json) -> list[Json]:
        pods = self._store.owned_by(replica_set["metadata"]["uid"], PODS.plural)
        return [pod for pod in pods if is_active(pod)]

    def _keep_number(self, replica_set: Json) -> str:
        active = self._active(replica_set)
        missing = replica_set["spec"]["replicas"] - len(active)
        for _ in range(missing):
            pod = new_pod(replica_set, owner(REPLICA_SETS, replica_set))
            if problem := self._pods.create(replica_set, pod, self._voice):
                return problem
        for pod in sorted(active, key=_keep_longest, reverse=True)[: max(0, -missing)]:
            self._pods.delete(replica_set, pod, self._voice)
        return ""

    def _write_status(self, replica_set: Json, problem: str) -> None:
        active = self._active(replica_set)
        least = replica_set["spec"].get("minReadySeconds", 0)
        ready = [pod for pod in active if is_ready(pod)]
        available = [pod for pod in ready if self._is_available(pod, least, replica_set)]
        numbers = {
            "fullyLabeledReplicas": len(active),
            "readyReplicas": len(ready),
            "availableReplicas": len(available),
        }
        status: Json = {"replicas": len(active), "observedGeneration": replica_set["metadata"]["generation"]}
        status |= {key: value for key, value in numbers.items() if value}
        if problem:
            status["conditions"] = [_failure(replica_set, problem)]
        if status != replica_set["status"]:
            self._store.replace(REPLICA_SETS.plural, {**replica_set, "status": status})

    def _is_available(self, pod: Json, least: int, replica_set: Json) -> bool:
        left = seconds_until_available(pod, least)
        if left > 0:
            key = replica_set["metadata"]["namespace"], replica_set["metadata"]["name"]
            self._clock.call_later(left, lambda: self.queue.add(key), patient=True)
        return left <= 0


def _keep_longest(pod: Json) -> tuple[int, str]:
    """Sorts the pods that may go first to the end: those not ready, then the youngest."""
    return (0 if is_ready(pod) else 1), pod["metadata"]["creationTimestamp"]


def _failure(replica_set: Json, problem: str) -> Json:
    present = (replica_set["status"].get("conditions") or [{}])[0]
    return {
        "type": "ReplicaFailure",
        "status": "True",
        "lastTransitionTime": present.get("lastTransitionTime", timestamp()),
        "reason": "FailedCreate",
        "message": present.get("message", problem),
    }
