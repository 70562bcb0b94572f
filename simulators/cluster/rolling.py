"""The arithmetic of a rolling update (k8s.io/kubernetes/pkg/controller/deployment/util/deployment_util.go)."""

import math

from simulators.cluster.kinds import Json


def scaled(value: int | str, wanted: int, *, up: bool) -> int:
    """A number, or that share of the wanted number."""
    if isinstance(value, int):
        return value
    share = int(value.rstrip("%")) * wanted / 100
    return math.ceil(share) if up else math.floor(share)


def surge_and_unavailable(spec: Json) -> tuple[int, int]:
    """How many pods may be above and below the wanted number; both are 0 for a Recreate."""
    rolling = spec["strategy"].get("rollingUpdate")
    if spec["strategy"]["type"] != "RollingUpdate" or rolling is None:
        return 0, 0
    surge = scaled(rolling["maxSurge"], spec["replicas"], up=True)
    unavailable = scaled(rolling["maxUnavailable"], spec["replicas"], up=False)
    return surge, min(spec["replicas"], unavailable if surge or unavailable else 1)


def size_of(replica_sets: list[Json]) -> int:
    return sum(one["spec"]["replicas"] for one in replica_sets)


def count(replica_sets: list[Json], field: str) -> int:
    """The sum of one number of their statuses; absent means 0."""
    return sum(one["status"].get(field, 0) for one in replica_sets)


def new_size(spec: Json, new: Json | None, everyone: list[Json]) -> int:
    """How large the new ReplicaSet may be now."""
    present = new["spec"]["replicas"] if new else 0
    wanted: int = spec["replicas"]
    if spec["strategy"]["type"] == "Recreate" or present >= wanted:
        return wanted
    room = wanted + surge_and_unavailable(spec)[0] - size_of(everyone)
    return present + max(0, min(room, wanted - present))


def old_sizes(spec: Json, new: Json, old: list[Json]) -> dict[str, int]:
    """The size of each old ReplicaSet by name, where it may shrink: unhealthy pods first, then healthy ones."""
    floor = spec["replicas"] - surge_and_unavailable(spec)[1]
    starting = new["spec"]["replicas"] - new["status"].get("availableReplicas", 0)
    room = size_of([*old, new]) - floor - starting
    if room <= 0:
        return {}
    sizes = {one["metadata"]["name"]: one["spec"]["replicas"] for one in old}
    for one in old:
        unhealthy = max(0, one["spec"]["replicas"] - one["status"].get("availableReplicas", 0))
        drop = min(room, unhealthy)
        sizes[one["metadata"]["name"]] -= drop
        room -= drop
    # A status lags behind a size that was changed just now: what is too much already is no pod to spare.
    available = (
        min(one["status"].get("availableReplicas", 0), one["spec"]["replicas"]) for one in [*old, new]
    )
    spare = sum(available) - floor
    for one in old:
        name = one["metadata"]["name"]
        drop = max(0, min(spare, sizes[name]))
        sizes[name] -= drop
        spare -= drop
    return {name: size for name, size in sizes.items() if size != _size_in(old, name)}


def _size_in(replica_sets: list[Json], name: str) -> int:
    found: int = next(one["spec"]["replicas"] for one in replica_sets if one["metadata"]["name"] == name)
    return found


def proportional_sizes(spec: Json, replica_sets: list[Json]) -> dict[str, int]:
    """The size of each ReplicaSet when a Deployment is scaled in the middle of a rollout: each takes its share."""
    allowed = spec["replicas"] + surge_and_unavailable(spec)[0] if spec["replicas"] else 0
    left = allowed - size_of(replica_sets)
    before = max(1, size_of(replica_sets))
    ordered = sorted(replica_sets, key=lambda one: -one["spec"]["replicas"])
    sizes = {}
    for one in ordered:
        present = one["spec"]["replicas"]
        share = round(present * allowed / before) - present
        change = max(min(share, left), 0) if left > 0 else min(max(share, left), 0)
        sizes[one["metadata"]["name"]] = present + change
        left -= change
    if ordered and left:
        first = ordered[0]["metadata"]["name"]
        sizes[first] = max(0, sizes[first] + left)
    return sizes
