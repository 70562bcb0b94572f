"""What the API server fills in (k8s.io/kubernetes/pkg/apis/apps/v1/defaults.go and core/v1/defaults.go)."""

from simulators.cluster.kinds import Json
from simulators.cluster.store import copy

_POD_DEFAULTS: Json = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "securityContext": {},
    "schedulerName": "default-scheduler",
}


def with_defaults(deployment: Json) -> Json:
    """A complete Deployment; what is of a wrong shape is left for the validation to refuse."""
    made = copy(deployment)
    spec = made.setdefault("spec", {})
    for key, value in (("replicas", 1), ("revisionHistoryLimit", 10), ("progressDeadlineSeconds", 600)):
        spec.setdefault(key, value)
    strategy = spec.setdefault("strategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {}).setdefault("creationTimestamp", None)
    pod_spec = template.setdefault("spec", {})
    for key, value in _POD_DEFAULTS.items():
        pod_spec.setdefault(key, copy(value) if isinstance(value, dict) else value)
    for container in (*(pod_spec.get("containers") or ()), *(pod_spec.get("initContainers") or ())):
        if isinstance(container, dict):
            _default_container(container)
    return made


def _default_container(container: Json) -> None:
    image = str(container.get("image", ""))
    tag = image.rpartition("/")[2].partition(":")[2]
    always = tag in ("", "latest") and "@" not in image
    container.setdefault("imagePullPolicy", "Always" if always else "IfNotPresent")
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    for port in container.get("ports") or ():
        if isinstance(port, dict):
            port.setdefault("protocol", "TCP")
