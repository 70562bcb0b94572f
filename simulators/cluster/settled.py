"""Deployments that have already settled: created at once, without waking the controllers."""

from collections.abc import Callable

from simulators.cluster import conditions
from simulators.cluster.kinds import DEPLOYMENTS, PODS, REPLICA_SETS, Json
from simulators.cluster.names import new_uid, timestamp
from simulators.cluster.pods import (
    NODES,
    container_status,
    new_pod,
    owner,
    running_status,
    with_conditions,
)
from simulators.cluster.replica_sets import new_replica_set
from simulators.cluster.revisions import annotations_for
from simulators.cluster.store import Store


def add_settled(
    store: Store,
    deployment: Json,
    *,
    image_id: Callable[[Json, Json], str],
    admitted: Callable[[str, Json], Json],
) -> Json:
    """Adds a complete Deployment with its ReplicaSet and its ready pods, and answers it.

    `image_id` is asked with a pod's spec and a container for what its node runs, `admitted` for pods as webhooks want them.
    """
    replicas = deployment["spec"]["replicas"]
    annotations = annotations_for(deployment, None, 1)
    replica_set = new_replica_set(deployment, replicas, annotations)
    numbers = dict.fromkeys(("fullyLabeledReplicas", "readyReplicas", "availableReplicas"), replicas)
    replica_set["status"] = {"replicas": replicas, "observedGeneration": 1} | (numbers if replicas else {})
    revision = {"deployment.kubernetes.io/revision": "1"}
    metadata = deployment["metadata"]
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **revision}
    text = f'ReplicaSet "{replica_set["metadata"]["name"]}" has successfully progressed.'
    listed = conditions.put([], "Progressing", "True", "NewReplicaSetAvailable", text)
    deployment["status"] = conditions.calculate_status(deployment, replica_set, [replica_set], listed)
    with store.lock:
        added = store.add(DEPLOYMENTS.plural, deployment, quiet=True)
        store.add(REPLICA_SETS.plural, replica_set, quiet=True)
        for place in range(replicas):
            pod = admitted(PODS.plural, new_pod(replica_set, owner(REPLICA_SETS, replica_set)))
            store.add(PODS.plural, _ready(pod, place, image_id), quiet=True)
        return added


def _ready(pod: Json, place: int, image_id: Callable[[Json, Json], str]) -> Json:
    pod["spec"]["nodeName"] = NODES[place % len(NODES)]
    statuses = []
    for container in pod["spec"]["containers"]:
        container_id = f"containerd://{new_uid().replace('-', '') * 2}"
        started = running_status(
            container_status(container, {}), container_id, image_id(pod["spec"], container)
        )
        statuses.append({**started, "ready": True})
    pod["status"] |= {"startTime": timestamp(), "containerStatuses": statuses}
    return with_conditions(pod)
