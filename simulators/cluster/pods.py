"""Pods: how they are made, and the pieces of their status."""

from typing import Any

from simulators.cluster.kinds import Json
from simulators.cluster.names import new_uid, random_suffix, timestamp
from simulators.cluster.store import copy

STATUS_LISTS = ("initContainerStatuses", "containerStatuses")
FINISHED = ("Failed", "Succeeded")
_LONGEST_PREFIX = 58
"""More is cut off, so that a pod's name is a label, too (k8s.io/apiserver/pkg/storage/names)."""
NODES = ("demo-node-1", "demo-node-2", "demo-node-3")


def new_pod(replica_set: Json, owner: Json) -> Json:
    """A pod that nobody has scheduled yet."""
    template = replica_set["spec"]["template"]
    prefix = f"{replica_set['metadata']['name']}-"
    metadata: Json = {
        "name": f"{prefix[:_LONGEST_PREFIX]}{random_suffix()}",
        "generateName": prefix,
        "namespace": replica_set["metadata"]["namespace"],
        "uid": new_uid(),
        "creationTimestamp": timestamp(),
        "labels": dict(template["metadata"].get("labels") or {}),
        "ownerReferences": [owner],
    }
    if annotations := template["metadata"].get("annotations"):
        metadata["annotations"] = dict(annotations)
    status = {"phase": "Pending", "qosClass": "BestEffort"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": copy(template["spec"]),
        "status": status,
    }


def condition_of(pod: Json, kind: str) -> Json:
    """The condition of that type; empty when the pod has none."""
    found: Json = next((one for one in pod["status"].get("conditions", ()) if one["type"] == kind), {})
    return found


def is_ready(pod: Json) -> bool:
    return condition_of(pod, "Ready").get("status") == "True"


def ready_since(pod: Json) -> str:
    since: str = condition_of(pod, "Ready")["lastTransitionTime"]
    return since


def is_active(pod: Json) -> bool:
    """Whether its ReplicaSet counts it: neither on its way out nor left behind."""
    return "deletionTimestamp" not in pod["metadata"] and pod["status"].get("phase") not in FINISHED


def waiting(reason: str, message: str = "") -> Json:
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def container_status(container: Json, state: Json) -> Json:
    """The status of a container that has not started yet."""
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "ready": False,
        "started": False,
        "restartCount": 0,
        "state": state,
        "lastState": {},
    }


def running_status(status: Json, container_id: str, image_id: str, *, started: bool = True) -> Json:
    """The same status once the container runs, not yet ready; `started` where no startup probe has to pass."""
    return {
        **status,
        "imageID": image_id,
        "containerID": container_id,
        "started": started,
        "state": {"running": {"startedAt": timestamp()}},
    }


def is_sidecar(container: Json) -> bool:
    """Whether an init container runs on beside the app: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/."""
    return container.get("restartPolicy") == "Always"


def sidecars(pod: Json) -> set[str]:
    return {one["name"] for one in pod["spec"].get("initContainers") or () if is_sidecar(one)}


def with_conditions(pod: Json) -> Json:
    """The pod with conditions and phase that follow from its container statuses; transition times are kept."""
    statuses, beside = pod["status"].get("containerStatuses", []), sidecars(pod)
    init = pod["status"].get("initContainerStatuses", [])
    lasting = [*(one for one in init if one["name"] in beside), *statuses]
    unready = [one["name"] for one in lasting if not one["ready"]]
    problem = _named_problem("ContainersNotReady", "unready", unready)
    incomplete = [one["name"] for one in init if not one["started" if one["name"] in beside else "ready"]]
    uninitialized = _named_problem("ContainersNotInitialized", "incomplete", incomplete)
    gates = pod["spec"].get("readinessGates") or ()
    closed = [] if unready else [text for one in gates if (text := _closed(pod, one["conditionType"]))]
    whole = {"reason": "ReadinessGatesNotReady", "message": ", ".join(closed)} if closed else problem
    conditions = [
        _condition(pod, "Initialized", ok=not incomplete, **uninitialized),
        _condition(pod, "Ready", ok=not unready and not closed, **whole),
        _condition(pod, "ContainersReady", ok=not unready, **problem),
        _condition(pod, "PodScheduled", ok=True),
    ]
    written = {one["type"] for one in conditions}
    conditions += [one for one in pod["status"].get("conditions", ()) if one["type"] not in written]
    created = all("containerID" in one for one in statuses)
    phase = "Running" if created else "Pending"
    return {**pod, "status": {**pod["status"], "phase": phase, "conditions": conditions}}


def with_condition(pod: Json, kind: str, *, ok: bool, **more: Any) -> Json:
    """The pod with a condition of somebody else's, as a readiness gate's controller writes it."""
    others = [one for one in pod["status"].get("conditions", ()) if one["type"] != kind]
    listed = [*others, _condition(pod, kind, ok=ok, **more)]
    return with_conditions({**pod, "status": {**pod["status"], "conditions": listed}})


def failed(pod: Json, reason: str, message: str) -> Json:
    """The pod as an eviction, or a node that shuts down, leaves it behind."""
    ended = {"terminated": {"exitCode": 137, "reason": "ContainerStatusUnknown", "finishedAt": timestamp()}}
    statuses = [
        {**one, "ready": False, "started": False, "state": ended}
        for one in pod["status"].get("containerStatuses", ())
    ]
    conditions = [
        _condition(pod, kind, ok=False, reason="PodFailed") for kind in ("Ready", "ContainersReady")
    ]
    kept = [one for one in pod["status"].get("conditions", ()) if "Ready" not in one["type"]]
    status = {
        **pod["status"],
        "phase": "Failed",
        "reason": reason,
        "message": message,
        "conditions": [*kept, *conditions],
        "containerStatuses": statuses,
    }
    return {**pod, "status": status}


def _named_problem(reason: str, word: str, names: list[str]) -> Json:
    message = f"containers with {word} status: [{' '.join(names)}]"
    return {"reason": reason, "message": message} if names else {}


def _closed(pod: Json, gate: str) -> str:
    """Why the gate keeps the pod from being ready, in the kubelet's words; empty where it does not."""
    status = condition_of(pod, gate).get("status")
    if status is None:
        return f'corresponding condition of pod readiness gate "{gate}" does not exist.'
    return (
        "" if status == "True" else f'the status of pod readiness gate "{gate}" is not "True", but {status}'
    )


def _condition(pod: Json, kind: str, *, ok: bool, **more: Any) -> Json:
    status = "True" if ok else "False"
    present = condition_of(pod, kind)
    since = present["lastTransitionTime"] if present.get("status") == status else timestamp()
    return {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": since, **more}


def unschedulable(pod: Json, message: str) -> Json:
    condition = {**_condition(pod, "PodScheduled", ok=False), "reason": "Unschedulable", "message": message}
    return {**pod, "status": {**pod["status"], "phase": "Pending", "conditions": [condition]}}
