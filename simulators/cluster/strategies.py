"""What the API server writes into a workload for its controller (pkg/registry/{apps,batch}/*/strategy.go)."""

from simulators.cluster.daemon_sets import GENERATION
from simulators.cluster.kinds import Json


def numbered_template(workload: Json, old: Json | None) -> Json:
    """A DaemonSet with the number of its template, which a change of it raises; any other workload as it is."""
    if workload["kind"] != "DaemonSet":
        return workload
    number = 1
    if old is not None:
        number = int(old["metadata"]["annotations"][GENERATION])
        number += workload["spec"]["template"] != old["spec"]["template"]
    annotations = {**(workload["metadata"].get("annotations") or {}), GENERATION: str(number)}
    return {**workload, "metadata": {**workload["metadata"], "annotations": annotations}}


def with_job_labels(job: Json) -> Json:
    """A Job whose pods carry its name and uid, and which selects them by its uid."""
    name, uid, template = job["metadata"].get("name", ""), job["metadata"]["uid"], job["spec"]["template"]
    made = {
        "controller-uid": uid,
        "batch.kubernetes.io/controller-uid": uid,
        "job-name": name,
        "batch.kubernetes.io/job-name": name,
    }
    labels = {**(template["metadata"].get("labels") or {}), **made}
    selector = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    template = {**template, "metadata": {**template["metadata"], "labels": labels}}
    return {**job, "spec": {**job["spec"], "selector": selector, "template": template}}
