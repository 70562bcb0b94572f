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


_ROLLING: dict[str, tuple[str, Json]] = {
    "Deployment": ("strategy", {"maxUnavailable": "25%", "maxSurge": "25%"}),
    "StatefulSet": ("updateStrategy", {"partition": 0}),
    "DaemonSet": ("updateStrategy", {"maxUnavailable": 1, "maxSurge": 0}),
}
"""What a RollingUpdate has unless it is given, by kind, and the field that holds it."""
_SPECS: dict[str, Json] = {
    "Deployment": {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600},
    "StatefulSet": {
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "podManagementPolicy": "OrderedReady",
        "serviceName": "",
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    },
    "DaemonSet": {"revisionHistoryLimit": 10},
    "CronJob": {
        "concurrencyPolicy": "Allow",
        "suspend": False,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
    },
    "Job": {
        "parallelism": 1,
        "completions": 1,
        "backoffLimit": 6,
        "completionMode": "NonIndexed",
        "suspend": False,
        "manualSelector": False,
        "podReplacementPolicy": "TerminatingOrFailed",
    },
}


def with_defaults(workload: Json) -> Json:
    """A complete workload; what is of a wrong shape is left for the validation to refuse."""
    made = copy(workload)
    spec = made.setdefault("spec", {})
    for key, value in _SPECS[made["kind"]].items():
        spec.setdefault(key, copy(value) if isinstance(value, dict) else value)
    if made["kind"] in _ROLLING:
        field, rolling = _ROLLING[made["kind"]]
        strategy = spec.setdefault(field, {})
        if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
            strategy["rollingUpdate"] = {**rolling, **strategy.get("rollingUpdate", {})}
    if made["kind"] == "CronJob":
        job = spec.setdefault("jobTemplate", {})
        job.setdefault("metadata", {}).setdefault("creationTimestamp", None)
        spec = job.setdefault("spec", {})
    _default_template(spec)
    return made


def _default_template(spec: Json) -> None:
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {}).setdefault("creationTimestamp", None)
    pod_spec = template.setdefault("spec", {})
    for key, value in _POD_DEFAULTS.items():
        pod_spec.setdefault(key, copy(value) if isinstance(value, dict) else value)
    for container in (*(pod_spec.get("containers") or ()), *(pod_spec.get("initContainers") or ())):
        if isinstance(container, dict):
            _default_container(container)


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
