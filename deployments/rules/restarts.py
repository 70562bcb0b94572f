"""A restart replaces every pod and keeps the image: which pods are new is told by the mark that they carry."""

from collections.abc import Sequence

from deployments.rules.times import parse_time
from deployments.rules.workloads import KubernetesObject

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


def restarted_at(templated: KubernetesObject) -> str:
    """When a restart was asked for, as `kubectl rollout restart` writes it into a template, whose pods carry it too."""
    annotations = (templated.get("metadata") or {}).get("annotations") or {}
    return str(annotations.get(RESTARTED_AT) or "")


def restarted_pods(
    deployment: KubernetesObject, pods: Sequence[KubernetesObject], *, at: str
) -> list[KubernetesObject]:
    """The pods made by the restart of `at`, or by a later one; none where the template has gone back to before it."""
    present = restarted_at(deployment["spec"]["template"])
    asked, last = parse_time(at), parse_time(present)
    if not asked or not last or last < asked:
        return []
    return [pod for pod in pods if restarted_at(pod) == present]
