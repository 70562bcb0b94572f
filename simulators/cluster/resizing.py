"""Changing the sizes of a Deployment's ReplicaSets."""

from simulators.cluster import rolling
from simulators.cluster.events import Voice
from simulators.cluster.kinds import REPLICA_SETS, Json
from simulators.cluster.store import Store


class Resizer:
    def __init__(self, store: Store, voice: Voice) -> None:
        self._store = store
        self._voice = voice

    def scale(self, deployment: Json, new: Json | None, old: list[Json]) -> tuple[Json | None, list[Json]]:
        """Follows spec.replicas without rolling: one active ReplicaSet takes it all, several take their share."""
        everyone = [*old, *([new] if new else [])]
        active = [one for one in everyone if one["spec"]["replicas"]]
        if len(active) <= 1:
            only = active[0] if active else new
            sizes = {only["metadata"]["name"]: deployment["spec"]["replicas"]} if only else {}
        else:
            sizes = rolling.proportional_sizes(deployment["spec"], active)
        resized = {
            one["metadata"]["name"]: self.resize(
                deployment, one, sizes.get(one["metadata"]["name"], one["spec"]["replicas"])
            )
            for one in everyone
        }
        return (resized[new["metadata"]["name"]] if new else None), [
            resized[one["metadata"]["name"]] for one in old
        ]

    def resize(self, deployment: Json, replica_set: Json, size: int) -> Json:
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
            self.say_scaled(deployment, resized, before, size)
        return resized

    def say_scaled(self, deployment: Json, replica_set: Json, before: int, size: int) -> None:
        word = "up" if size > before else "down"
        message = f"Scaled {word} replica set {replica_set['metadata']['name']} from {before} to {size}"
        self._voice.say(deployment, "ScalingReplicaSet", message)


def _sizes(spec: Json) -> Json:
    most = spec["replicas"] + rolling.surge_and_unavailable(spec)[0]
    return {
        "deployment.kubernetes.io/desired-replicas": str(spec["replicas"]),
        "deployment.kubernetes.io/max-replicas": str(most),
    }


def is_scaled(replica_sets: list[Json], spec: Json) -> bool:
    """Whether spec.replicas changed since the active ReplicaSets were sized."""
    key = "deployment.kubernetes.io/desired-replicas"
    active = [one for one in replica_sets if one["spec"]["replicas"]]
    return any(one["metadata"]["annotations"].get(key) != str(spec["replicas"]) for one in active)
