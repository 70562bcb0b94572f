"""What is sent to change a workload's images, and to create a Job from a CronJob. A pod's spec is copied as the API server gave it."""

from collections.abc import Iterable, Mapping
from copy import deepcopy

from deployments.clients.cluster.errors import NoSuchContainer
from deployments.clients.cluster.fields import child, children, count, text
from deployments.clients.cluster.transport import Json
from deployments.rules.workloads import Workload

_INSTANTIATE = "cronjob.kubernetes.io/instantiate"
_LISTS = ("initContainers", "containers")
_HISTORY = ("successfulJobsHistoryLimit", "failedJobsHistoryLimit")
_TTL = "ttlSecondsAfterFinished"
_KEPT_SECONDS = 3600


def check_containers(whose: str, *, present: Mapping[str, str], wanted: Iterable[str]) -> None:
    """Raises NoSuchContainer for the first that is not present; sent all the same, a patch would add it."""
    for name in wanted:
        if name not in present:
            raise NoSuchContainer(
                f"{whose} has no container “{name}”. Correct the site's container. "
                f"It has {', '.join(sorted(present)) or 'none'}."
            )


def images_patch(workload: Workload, images: Mapping[str, str]) -> Json:
    """The strategic merge patch of a pod template that gives containers and init containers these images, by their names."""
    template = workload.template
    lists = zip(_LISTS, (template.init_containers, template.containers), strict=True)
    changed = {
        place: [{"name": each.name, "image": images[each.name]} for each in specs if each.name in images]
        for place, specs in lists
    }
    return {"spec": {place: entries for place, entries in changed.items() if entries}}


def job_body(cron_job: Json, *, name: str, images: Mapping[str, str], annotations: Mapping[str, str]) -> Json:
    """The Job that `kubectl create job --from=cronjob/…` makes (k8s.io/kubectl, `pkg/cmd/create/create_job.go`), with these images.

    The owner reference blocks no deletion, for that would take the right to set the CronJob's finalizers. A Job that the cluster would
    forget as soon as it has finished is kept for an hour, so that someone can see how it ended.
    """
    metadata, template = child(cron_job, "metadata"), child(cron_job, "spec", "jobTemplate")
    spec = deepcopy(child(template, "spec"))
    pod_spec = child(spec, "template", "spec")
    for container in (each for place in _LISTS for each in children(pod_spec, place)):
        container["image"] = images.get(text(container, "name"), container.get("image"))
    # The CronJob's controller deletes its own Jobs beyond these limits.
    keeps_none = any(child(cron_job, "spec").get(limit) == 0 for limit in _HISTORY)
    if keeps_none or _TTL in spec:
        spec[_TTL] = max(count(spec, _TTL), _KEPT_SECONDS)
    marks = {_INSTANTIATE: "manual"} | child(template, "metadata", "annotations") | dict(annotations)
    owner = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": text(metadata, "name"),
        "uid": text(metadata, "uid"),
        "controller": not keeps_none,
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "labels": child(template, "metadata", "labels"),
            "annotations": marks,
            "ownerReferences": [owner],
        },
        "spec": spec,
    }
