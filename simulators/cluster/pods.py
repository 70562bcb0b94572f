"""Pods: how they are made, and the pieces of their status."""

from typing import Any

from simulators.cluster.kinds import Json
from simulators.cluster.names import new_uid, random_suffix, timestamp
from simulators.cluster.store import copy

STATUS_LISTS = ("initContainerStatuses", "containerStatuses")
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
    return "deletionTimestamp" not in pod["metadata"]


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


def running_status(status: Json, container_id: str, image_id: str) -> Json:
    """The same status once the container runs, not yet ready."""
    return {
        **status,
        "imageID": image_id,
        "containerID": container_id,
        "started": True,
        "state": {"running": {"startedAt": timestamp()}},
    }


def with_conditions(pod: Json) -> Json:
    """The pod with conditions and phase that follow from its container statuses; transition times are kept."""
    statuses = pod["status"].get("containerStatuses", [])
    unready = [one["name"] for one in statuses if not one["ready"]]
    problem = {}
    if unready:
        text = f"containers with unready status: [{' '.join(unready)}]"
        problem = {"reason": "ContainersNotReady", "message": text}
    incomplete = [one["name"] for one in pod["status"].get("initContainerStatuses", ()) if not one["ready"]]
    uninitialized = {}
    if incomplete:
        text = f"containers with incomplete status: [{' '.join(incomplete)}]"
        uninitialized = {"reason": "ContainersNotInitialized", "message": text}
    conditions = [
        _condition(pod, "Initialized", ok=not incomplete, **uninitialized),
        _condition(pod, "Ready", ok=not unready, **problem),
        _condition(pod, "ContainersReady", ok=not unready, **problem),
        _condition(pod, "PodScheduled", ok=True),
    ]
    created = all("containerID" in one for one in statuses)
    phase = "Running" if created else "Pending"
    return {**pod, "status": {**pod["status"], "phase": phase, "conditions": conditions}}


def _condition(pod: Json, kind: str, *, ok: bool, **more: Any) -> Json:
    status = "True" if ok else "False"
    present = condition_of(pod, kind)
    since = present["lastTransitionTime"] if present.get("status") == status else timestamp()
    return {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": since, **more}


def unschedulable(pod: Json, message: str) -> Json:
    condition = {**_condition(pod, "PodScheduled", ok=False), "reason": "Unschedulable", "message": message}
    return {**pod, "status": {**pod["status"], "phase": "Pending", "conditions": [condition]}}
