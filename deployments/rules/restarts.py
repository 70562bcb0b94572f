"""A restart replaces every pod and keeps the image: which pods are new is told by the mark that they carry."""

from collections.abc import Iterable

from deployments.rules.pods import Pod
from deployments.rules.times import parse_time
from deployments.rules.workloads import Template, Workload

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


def restarted_at(templated: Template | Pod) -> str:
    """When a restart was asked for, as `kubectl rollout restart` writes it into a template, whose pods carry it too."""
    return templated.annotations.get(RESTARTED_AT, "")


def restarted_pods(deployment: Workload, pods: Iterable[Pod], *, at: str) -> list[Pod]:
    """The pods made by the restart of `at`, or by a later one; none where the template has gone back to before it."""
    present = restarted_at(deployment.template)
    asked, last = parse_time(at), parse_time(present)
    if not asked or not last or last < asked:
        return []
    return [pod for pod in pods if restarted_at(pod) == present]
