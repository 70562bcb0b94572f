"""Revisions: the numbers and causes that `kubectl rollout history` shows."""

from simulators.cluster.kinds import Json
from simulators.cluster.replica_sets import REVISION
from simulators.cluster.rolling import surge_and_unavailable

HISTORY = "deployment.kubernetes.io/revision-history"
_DESIRED = "deployment.kubernetes.io/desired-replicas"
_MOST = "deployment.kubernetes.io/max-replicas"
_NOT_COPIED = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "deprecated.deployment.rollback.to",
    REVISION,
    HISTORY,
    _DESIRED,
    _MOST,
)


def revision_of(replica_set: Json) -> int:
    return int((replica_set["metadata"].get("annotations") or {}).get(REVISION, 0))


def next_revision(old: list[Json]) -> int:
    return max((revision_of(one) for one in old), default=0) + 1


def annotations_for(deployment: Json, new: Json | None, revision: int) -> Json:
    """The new ReplicaSet's annotations: the Deployment's own (the change cause among them) and the revision, never lowered."""
    present = dict((new or {"metadata": {}})["metadata"].get("annotations") or {})
    asked = deployment["metadata"].get("annotations") or {}
    copied = {key: value for key, value in asked.items() if key not in _NOT_COPIED}
    before = present.get(REVISION)
    made = {**present, **copied}
    if before is None or int(before) < revision:
        made[REVISION] = str(revision)
        if before is not None:
            made[HISTORY] = ",".join(filter(None, (present.get(HISTORY, ""), before)))
    spec = deployment["spec"]
    made.setdefault(_DESIRED, str(spec["replicas"]))
    made.setdefault(_MOST, str(spec["replicas"] + surge_and_unavailable(spec)[0]))
    return made


def expired_replica_sets(deployment: Json, old: list[Json]) -> list[Json]:
    """The oldest empty ReplicaSets beyond revisionHistoryLimit."""
    empty = [one for one in old if not one["spec"]["replicas"] and not one["status"].get("replicas")]
    surplus = max(0, len(old) - deployment["spec"]["revisionHistoryLimit"])
    return sorted(empty, key=revision_of)[:surplus]
