"""A Deployment's status, as its controller computes it (pkg/controller/deployment/{sync,progress}.go)."""

from datetime import datetime, timedelta

from simulators.cluster.kinds import Json
from simulators.cluster.names import parse_timestamp, timestamp
from simulators.cluster.rolling import count, surge_and_unavailable

Conditions = list[Json]


def find(conditions: Conditions, kind: str) -> Json | None:
    return next((one for one in conditions if one["type"] == kind), None)


def put(conditions: Conditions, kind: str, status: str, reason: str, message: str) -> Conditions:
    """The conditions with this one in them; same status and reason change nothing, same status keeps its transition time."""
    present = find(conditions, kind)
    if present and (present["status"], present["reason"]) == (status, reason):
        return conditions
    now = timestamp()
    kept = present["lastTransitionTime"] if present and present["status"] == status else now
    made = {
        "type": kind,
        "status": status,
        "lastUpdateTime": now,
        "lastTransitionTime": kept,
        "reason": reason,
        "message": message,
    }
    return [*without(conditions, kind), made]


def without(conditions: Conditions, kind: str) -> Conditions:
    return [one for one in conditions if one["type"] != kind]


def calculate_status(
    deployment: Json, new: Json | None, everyone: list[Json], conditions: Conditions
) -> Json:
    """The status without the Progressing condition's judgement; numbers that are 0 are left out, as Go's omitempty does."""
    numbers = {
        "replicas": count(everyone, "replicas"),
        "updatedReplicas": new["status"].get("replicas", 0) if new else 0,
        "readyReplicas": count(everyone, "readyReplicas"),
        "availableReplicas": count(everyone, "availableReplicas"),
    }
    total = sum(one["spec"]["replicas"] for one in everyone)
    numbers["unavailableReplicas"] = max(0, total - numbers["availableReplicas"])
    spec = deployment["spec"]
    if numbers["availableReplicas"] >= spec["replicas"] - surge_and_unavailable(spec)[1]:
        text = "Deployment has minimum availability."
        conditions = put(conditions, "Available", "True", "MinimumReplicasAvailable", text)
    else:
        text = "Deployment does not have minimum availability."
        conditions = put(conditions, "Available", "False", "MinimumReplicasUnavailable", text)
    status: Json = {"observedGeneration": deployment["metadata"]["generation"]}
    status |= {key: value for key, value in numbers.items() if value}
    status["conditions"] = conditions
    return status


def is_complete(deployment: Json, status: Json) -> bool:
    wanted = deployment["spec"]["replicas"]
    counted = (status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas"))
    return all(number == wanted for number in counted)


def has_progressed(old: Json, new: Json) -> bool:
    def numbers(status: Json) -> tuple[int, int, int, int]:
        updated = status.get("updatedReplicas", 0)
        outdated = status.get("replicas", 0) - updated
        return updated, -outdated, status.get("readyReplicas", 0), status.get("availableReplicas", 0)

    return any(after > before for before, after in zip(numbers(old), numbers(new), strict=True))


def with_progress(deployment: Json, new: Json | None, status: Json, *, now: datetime) -> Json:
    """The status with Progressing judged: complete, moving, or past its deadline."""
    conditions = status["conditions"]
    present = find(conditions, "Progressing")
    done = present and present["reason"] == "NewReplicaSetAvailable"
    if done and status.get("replicas", 0) == status.get("updatedReplicas", 0):
        return status
    subject = (
        f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{deployment["metadata"]["name"]}"'
    )
    if is_complete(deployment, status):
        text = f"{subject} has successfully progressed."
        conditions = put(conditions, "Progressing", "True", "NewReplicaSetAvailable", text)
    elif has_progressed(deployment.get("status") or {}, status):
        forgotten = (
            conditions if not present or present["status"] != "True" else _touched(conditions, present)
        )
        text = f"{subject} is progressing."
        conditions = put(forgotten, "Progressing", "True", "ReplicaSetUpdated", text)
    elif present and is_timed_out(deployment, present, now=now):
        text = f"{subject} has timed out progressing."
        conditions = put(conditions, "Progressing", "False", "ProgressDeadlineExceeded", text)
    return {**status, "conditions": conditions}


def _touched(conditions: Conditions, present: Json) -> Conditions:
    return [*without(conditions, present["type"]), {**present, "lastUpdateTime": timestamp()}]


def is_timed_out(deployment: Json, progressing: Json, *, now: datetime) -> bool:
    if progressing["reason"] in ("NewReplicaSetAvailable", "DeploymentPaused"):
        return False
    return progressing["reason"] == "ProgressDeadlineExceeded" or now > deadline(deployment, progressing)


def deadline(deployment: Json, progressing: Json) -> datetime:
    seconds = deployment["spec"]["progressDeadlineSeconds"]
    return parse_timestamp(progressing["lastUpdateTime"]) + timedelta(seconds=seconds)
