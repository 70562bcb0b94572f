"""The Deployment controller: one ReplicaSet for each template, rolled over as the strategy says."""

from datetime import UTC, datetime

from demo.cluster import conditions, rolling
from demo.cluster.clock import Clock, WorkQueue
from demo.cluster.events import Recorder
from demo.cluster.kinds import DEPLOYMENTS, REPLICA_SETS, Json
from demo.cluster.managed_fields import record_status, record_update
from demo.cluster.names import timestamp
from demo.cluster.replica_sets import REVISION, new_replica_set, template_of
from demo.cluster.revisions import annotations_for, expired_replica_sets, next_revision
from demo.cluster.store import Key, Store

MANAGER = "kube-controller-manager"


class DeploymentController:
    def __init__(self, store: Store, clock: Clock, recorder: Recorder) -> None:
        self._store = store
        self._clock = clock
        self._recorder = recorder
        self._alarms: dict[Key, datetime] = {}
        self.queue = WorkQueue(clock, self._reconcile)

    def _reconcile(self, key: Key) -> None:
        with self._store.lock:
            deployment = self._store.find(DEPLOYMENTS.plural, *key)
            if deployment is None:
                return
            if deployment["metadata"].get("deletionTimestamp"):
                return
            found = self._store.owned_by(deployment["metadata"]["uid"], REPLICA_SETS.plural)
            wanted = deployment["spec"]["template"]
            new = next((one for one in found if template_of(one) == wanted), None)
            old = [one for one in found if one is not new]
            draft = self._pause_noted(deployment)
            if deployment["spec"].get("paused") or _is_scaled(
                [*old, *([new] if new else [])], deployment["spec"]
            ):
                new, old = self._scale(deployment, new, old)
                draft = self._with_revision(draft, new)
            else:
                draft, new, old = self._roll(draft, new, old)
            self._write(deployment, draft, new, old)

    def _pause_noted(self, deployment: Json) -> Json:
        """The Deployment with Progressing saying that it is paused, or resumed."""
        status = deployment.get("status") or {}
        listed = status.get("conditions", [])
        present = conditions.find(listed, "Progressing")
        paused = present is not None and present["reason"] == "DeploymentPaused"
        if present and present["reason"] == "ProgressDeadlineExceeded":
            return deployment
        if deployment["spec"].get("paused") and not paused:
            listed = conditions.put(
                listed, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused"
            )
        elif paused and not deployment["spec"].get("paused"):
            listed = conditions.put(
                listed, "Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed"
            )
        return {**deployment, "status": {**status, "conditions": listed}} if listed else deployment

    def _roll(self, draft: Json, new: Json | None, old: list[Json]) -> tuple[Json, Json | None, list[Json]]:
        spec = draft["spec"]
        if spec["strategy"]["type"] == "Recreate":
            old = [self._resize(draft, one, 0) for one in old]
            if rolling.count(old, "replicas") or any(self._pods_left(one) for one in old):
                return draft, new, old
        draft, new = self._new_replica_set(draft, new, old)
        size = rolling.new_size(spec, new, [*old, new])
        if size != new["spec"]["replicas"]:
            return draft, self._resize(draft, new, size), old
        sizes = rolling.old_sizes(spec, new, old) if spec["strategy"]["type"] == "RollingUpdate" else {}
        old = [
            self._resize(draft, one, sizes.get(one["metadata"]["name"], one["spec"]["replicas"]))
            for one in old
        ]
        return draft, new, old

    def _pods_left(self, replica_set: Json) -> bool:
        return bool(self._store.owned_by(replica_set["metadata"]["uid"], "pods"))

    def _new_replica_set(self, draft: Json, new: Json | None, old: list[Json]) -> tuple[Json, Json]:
        """The ReplicaSet of the present template, made when there is none, with its revision."""
        status = draft.get("status") or {}
        listed = status.get("conditions", [])
        annotations = annotations_for(draft, new, next_revision(old))
        if new is None:
            size = rolling.new_size(draft["spec"], None, old)
            new = self._store.add(REPLICA_SETS.plural, new_replica_set(draft, size, annotations))
            text = f'Created new replica set "{new["metadata"]["name"]}"'
            listed = conditions.put(listed, "Progressing", "True", "NewReplicaSetCreated", text)
            if size:
                self._say_scaled(draft, new, 0, size)
        elif annotations != new["metadata"]["annotations"]:
            metadata = {**new["metadata"], "annotations": annotations}
            new = self._store.replace(REPLICA_SETS.plural, {**new, "metadata": metadata})
        if conditions.find(listed, "Progressing") is None:
            text = f'Found new replica set "{new["metadata"]["name"]}"'
            listed = conditions.put(listed, "Progressing", "True", "FoundNewReplicaSet", text)
        draft = {**draft, "status": {**status, "conditions": listed}}
        return self._with_revision(draft, new), new

    def _with_revision(self, draft: Json, new: Json | None) -> Json:
        if new is None:
            return draft
        annotations = draft["metadata"].get("annotations") or {}
        revision = new["metadata"]["annotations"][REVISION]
        return {
            **draft,
            "metadata": {**draft["metadata"], "annotations": {**annotations, REVISION: revision}},
        }

    def _scale(self, deployment: Json, new: Json | None, old: list[Json]) -> tuple[Json | None, list[Json]]:
        """Follows spec.replicas without rolling: one active ReplicaSet takes it all, several take their share."""
        everyone = [*old, *([new] if new else [])]
        active = [one for one in everyone if one["spec"]["replicas"]]
        if len(active) <= 1:
            only = active[0] if active else new
            sizes = {only["metadata"]["name"]: deployment["spec"]["replicas"]} if only else {}
        else:
            sizes = rolling.proportional_sizes(deployment["spec"], active)
        resized = {
            one["metadata"]["name"]: self._resize(
                deployment, one, sizes.get(one["metadata"]["name"], one["spec"]["replicas"])
            )
            for one in everyone
        }
        return (resized[new["metadata"]["name"]] if new else None), [
            resized[one["metadata"]["name"]] for one in old
        ]

    def _resize(self, deployment: Json, replica_set: Json, size: int) -> Json:
        before = replica_set["spec"]["replicas"]
        annotations = {**replica_set["metadata"]["annotations"], **_sizes(deployment["spec"])}
        if before == size and annotations == replica_set["metadata"]["annotations"]:
            return replica_set
        generation = replica_set["metadata"]["generation"] + (before != size)
        metadata = {**replica_set["metadata"], "annotations": annotations, "generation": generation}
        spec = {**replica_set["spec"], "replicas": size}
        resized = self._store.replace(
            REPLICA_SETS.plural, {**replica_set, "metadata": metadata, "spec": spec}
        )
        if before != size:
            self._say_scaled(deployment, resized, before, size)
        return resized

    def _say_scaled(self, deployment: Json, replica_set: Json, before: int, size: int) -> None:
        word = "up" if size > before else "down"
        message = f"Scaled {word} replica set {replica_set['metadata']['name']} from {before} to {size}"
        self._recorder.record(
            "Deployment", deployment, "ScalingReplicaSet", message, by="deployment-controller"
        )

    def _write(self, deployment: Json, draft: Json, new: Json | None, old: list[Json]) -> None:
        everyone = [*old, *([new] if new else [])]
        listed = (draft.get("status") or {}).get("conditions", [])
        failing = [one for one in everyone for one in one["status"].get("conditions", ())]
        listed = conditions.without(listed, "ReplicaFailure") if not failing else listed
        for one in failing:
            listed = conditions.put(listed, "ReplicaFailure", "True", one["reason"], one["message"])
        status = conditions.calculate_status(deployment, new, everyone, listed)
        if not deployment["spec"].get("paused"):
            status = conditions.with_progress(deployment, new, status, now=datetime.now(UTC))
        if conditions.is_complete(deployment, status):
            for one in expired_replica_sets(deployment, old):
                self._store.remove(REPLICA_SETS.plural, one)
        self._watch_deadline(deployment, status)
        if draft["metadata"] == deployment["metadata"] and status == deployment.get("status"):
            return
        written = {**draft, "status": status}
        now = timestamp()
        fields = record_update(deployment, written, manager=MANAGER, now=now)
        written = {**written, "metadata": {**written["metadata"], "managedFields": fields}}
        fields = record_status(written, manager=MANAGER, now=now)
        metadata = {**written["metadata"], "managedFields": fields}
        self._store.replace(DEPLOYMENTS.plural, {**written, "metadata": metadata})

    def _watch_deadline(self, deployment: Json, status: Json) -> None:
        """Looks again when the progress deadline has passed."""
        progressing = conditions.find(status["conditions"], "Progressing")
        done = ("NewReplicaSetAvailable", "ProgressDeadlineExceeded", "DeploymentPaused")
        if progressing is None or progressing["reason"] in done or deployment["spec"].get("paused"):
            return
        key = deployment["metadata"]["namespace"], deployment["metadata"]["name"]
        due = conditions.deadline(deployment, progressing)
        if key in self._alarms and self._alarms[key] <= due:
            return
        self._alarms[key] = due
        left = (due - datetime.now(UTC)).total_seconds()
        self._clock.call_later(max(0.0, left) + 0.05, lambda: self._ring(key), patient=True)

    def _ring(self, key: Key) -> None:
        self._alarms.pop(key, None)
        self.queue.add(key)


def _sizes(spec: Json) -> Json:
    most = spec["replicas"] + rolling.surge_and_unavailable(spec)[0]
    return {
        "deployment.kubernetes.io/desired-replicas": str(spec["replicas"]),
        "deployment.kubernetes.io/max-replicas": str(most),
    }


def _is_scaled(replica_sets: list[Json], spec: Json) -> bool:
    """Whether spec.replicas changed since the active ReplicaSets were sized."""
    key = "deployment.kubernetes.io/desired-replicas"
    active = [one for one in replica_sets if one["spec"]["replicas"]]
    return any(one["metadata"]["annotations"].get(key) != str(spec["replicas"]) for one in active)
