"""The Deployment controller: one ReplicaSet for each template, rolled over as the strategy says."""

from typing import TYPE_CHECKING

from simulators.cluster import conditions, rolling
from simulators.cluster.clock import Clock, WorkQueue
from simulators.cluster.events import Recorder, Voice
from simulators.cluster.kinds import DEPLOYMENTS, REPLICA_SETS, Json
from simulators.cluster.managed_fields import record_status, record_update
from simulators.cluster.names import timestamp
from simulators.cluster.replica_sets import REVISION, new_replica_set, template_of
from simulators.cluster.resizing import Resizer, is_scaled
from simulators.cluster.revisions import annotations_for, expired_replica_sets, next_revision
from simulators.cluster.simulated_time import now
from simulators.cluster.store import Key, Store

if TYPE_CHECKING:
    from datetime import datetime

MANAGER = "kube-controller-manager"


class DeploymentController:
    def __init__(self, store: Store, clock: Clock, recorder: Recorder) -> None:
        self._store = store
        self._clock = clock
        self._sizes = Resizer(store, Voice(recorder, "deployment-controller"))
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
            if deployment["spec"].get("paused") or is_scaled(
                [*old, *([new] if new else [])], deployment["spec"]
            ):
                new, old = self._sizes.scale(deployment, new, old)
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
            old = [self._sizes.resize(draft, one, 0) for one in old]
            if rolling.count(old, "replicas") or any(self._pods_left(one) for one in old):
                return draft, new, old
        draft, new = self._new_replica_set(draft, new, old)
        size = rolling.new_size(spec, new, [*old, new])
        if size != new["spec"]["replicas"]:
            return draft, self._sizes.resize(draft, new, size), old
        sizes = rolling.old_sizes(spec, new, old) if spec["strategy"]["type"] == "RollingUpdate" else {}
        old = [
            self._sizes.resize(draft, one, sizes.get(one["metadata"]["name"], one["spec"]["replicas"]))
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
                self._sizes.say_scaled(draft, new, 0, size)
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

    def _write(self, deployment: Json, draft: Json, new: Json | None, old: list[Json]) -> None:
        everyone = [*old, *([new] if new else [])]
        listed = (draft.get("status") or {}).get("conditions", [])
        failing = [one for one in everyone for one in one["status"].get("conditions", ())]
        listed = conditions.without(listed, "ReplicaFailure") if not failing else listed
        for one in failing:
            listed = conditions.put(listed, "ReplicaFailure", "True", one["reason"], one["message"])
        status = conditions.calculate_status(deployment, new, everyone, listed)
        if not deployment["spec"].get("paused"):
            status = conditions.with_progress(deployment, new, status, now=now())
        if conditions.is_complete(deployment, status):
            for one in expired_replica_sets(deployment, old):
                self._store.remove(REPLICA_SETS.plural, one)
        self._watch_deadline(deployment, status)
        if draft["metadata"] == deployment["metadata"] and status == deployment.get("status"):
            return
        written = {**draft, "status": status}
        stamp = timestamp()
        fields = record_update(deployment, written, manager=MANAGER, now=stamp)
        written = {**written, "metadata": {**written["metadata"], "managedFields": fields}}
        fields = record_status(written, manager=MANAGER, now=stamp)
        metadata = {**written["metadata"], "managedFields": fields}
        self._store.replace(DEPLOYMENTS.plural, {**written, "metadata": metadata})

    def _watch_deadline(self, deployment: Json, status: Json) -> None:
        """Checks again when the progress deadline has passed."""
        progressing = conditions.find(status["conditions"], "Progressing")
        done = ("NewReplicaSetAvailable", "ProgressDeadlineExceeded", "DeploymentPaused")
        if progressing is None or progressing["reason"] in done or deployment["spec"].get("paused"):
            return
        key = deployment["metadata"]["namespace"], deployment["metadata"]["name"]
        due = conditions.deadline(deployment, progressing)
        if key in self._alarms and self._alarms[key] <= due:
            return
        self._alarms[key] = due
        left = (due - now()).total_seconds()
        self._clock.call_later(max(0.0, left) + 0.05, lambda: self._ring(key), patient=True)

    def _ring(self, key: Key) -> None:
        self._alarms.pop(key, None)
        self.queue.add(key)
