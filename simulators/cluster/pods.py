"""Pods: how they are created, and the pieces of their status."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from simulators.cluster.kinds import Json, Kind
from simulators.cluster.names import new_uid, parse_timestamp, random_suffix, timestamp
from simulators.cluster.store import copy

STATUS_LISTS = ("initContainerStatuses", "containerStatuses")
FINISHED = ("Failed", "Succeeded")
_LONGEST_PREFIX = 58
"""More is cut off, so that a pod's name is a label, too (k8s.io/apiserver/pkg/storage/names)."""
NODES = ("demo-node-1", "demo-node-2", "demo-node-3")


def owner(kind: Kind, thing: Json) -> Json:
    """An ownerReference that makes `thing` the controller."""
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "name": thing["metadata"]["name"],
        "uid": thing["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def with_node(template: Json, node: str) -> Json:
    """The template bound to one node, as the DaemonSet controller binds its pods."""
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    return {**template, "spec": {**template["spec"], "affinity": {"nodeAffinity": required}}}


def asked_node(pod: Json) -> str:
    """The node that the pod is bound to; empty where it may run on any."""
    affinity = pod["spec"].get("affinity", {}).get("nodeAffinity", {})
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution", {})
    fields = [one for term in required.get("nodeSelectorTerms", ()) for one in term.get("matchFields", ())]
    return next((str(one["values"][0]) for one in fields if one["key"] == "metadata.name"), "")


def new_pod(
    thing: Json,
    owner: Json,
    *,
    template: Json | None = None,
    name: str = "",
    labels: Mapping[str, str] | None = None,
) -> Json:
    """A pod of `thing`'s template, or of another one, that nobody has scheduled yet; a name that is not given ends by chance."""
    template = thing["spec"]["template"] if template is None else template
    prefix = f"{thing['metadata']['name']}-"
    metadata: Json = {
        "name": name or f"{prefix[:_LONGEST_PREFIX]}{random_suffix()}",
        "generateName": prefix,
        "namespace": thing["metadata"]["namespace"],
        "uid": new_uid(),
        "creationTimestamp": timestamp(),
        "labels": {**(template["metadata"].get("labels") or {}), **(labels or {})},
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
    phase = _phase(pod, init, statuses)
    problem = _named_problem("ContainersNotReady", "unready", unready)
    if phase in FINISHED:
        problem = {"reason": "PodCompleted" if phase == "Succeeded" else "PodFailed"}
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
    return {**pod, "status": {**pod["status"], "phase": phase, "conditions": conditions}}


def _phase(pod: Json, init: list[Json], statuses: list[Json]) -> str:
    """https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase."""
    policy = pod["spec"].get("restartPolicy", "Always")
    codes = [one["state"].get("terminated", {}).get("exitCode") for one in statuses]
    failed = [one["state"].get("terminated", {}).get("exitCode") for one in (*init, *statuses)]
    if policy == "Never" and any(failed) and not any("running" in one["state"] for one in statuses):
        return "Failed"
    if policy != "Always" and codes and all(code == 0 for code in codes):
        return "Succeeded"
    return "Running" if all("containerID" in one for one in statuses) else "Pending"


def with_condition(pod: Json, kind: str, *, ok: bool, **more: Any) -> Json:
    """The pod with a condition of someone else's, as a readiness gate's controller writes it."""
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


def seconds_until_available(pod: Json, least: int) -> float:
    """How long a ready pod has still to stay ready until it has been so for `least` seconds; 0 or less when it has."""
    return least - (datetime.now(UTC) - parse_timestamp(ready_since(pod))).total_seconds() if least else 0.0
