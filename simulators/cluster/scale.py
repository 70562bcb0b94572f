"""The scale subresource of Deployments and StatefulSets (autoscaling/v1 Scale): `kubectl scale`."""

from simulators.cluster.errors import bad_request
from simulators.cluster.kinds import Json
from simulators.cluster.store import copy


def scale_of(deployment: Json) -> Json:
    metadata = deployment["metadata"]
    labels = (deployment["spec"]["selector"].get("matchLabels") or {}).items()
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: metadata[key] for key in kept},
        "spec": {"replicas": deployment["spec"]["replicas"]},
        "status": {
            "replicas": deployment["status"].get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in labels),
        },
    }


def with_scale(deployment: Json, scale: Json) -> Json:
    """The Deployment with the number of replicas, and the resourceVersion, that the Scale carries; raises 400."""
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise bad_request("json: cannot unmarshal into Go struct field ScaleSpec.spec.replicas of type int32")
    made = copy(deployment)
    made["spec"]["replicas"] = replicas
    made["metadata"]["resourceVersion"] = (scale.get("metadata") or {}).get("resourceVersion", "")
    return made
