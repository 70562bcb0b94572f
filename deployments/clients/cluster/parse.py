"""From the API server's JSON to what rules read. Nothing raises: what is odd counts as absent.

The fields: https://kubernetes.io/docs/reference/kubernetes-api/.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from deployments.clients.cluster.fields import (
    child,
    children,
    count,
    flag,
    generation,
    integer,
    strings,
    text,
    time,
)
from deployments.clients.cluster.parse_containers import containers, init_containers, statuses
from deployments.clients.cluster.parse_parts import conditions, manager, owners, pod_template, selector
from deployments.clients.cluster.transport import Json
from deployments.rules.jobs import Job
from deployments.rules.pods import Event, Pod
from deployments.rules.selectors import LabelSelector, Requirement
from deployments.rules.workloads import (
    Counts,
    ReplicaSet,
    Template,
    Workload,
    WorkloadKind,
)

_REVISION = "deployment.kubernetes.io/revision"
_NUMBER = re.compile(r"[0-9]{1,18}")
_TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
_OF_A_JOB = LabelSelector(requirements=(Requirement(key="job-name", operator="Exists", values=()),))


def deployment(thing: Json) -> Workload:
    """https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/."""
    spec, status = child(thing, "spec"), child(thing, "status")
    return replace(
        _workload(WorkloadKind.DEPLOYMENT, thing, template=pod_template(spec)),
        is_paused=flag(spec, "paused"),
        strategy=text(child(spec, "strategy"), "type"),
        progress_deadline_seconds=integer(spec, "progressDeadlineSeconds"),
        counts=_counts(spec, status),
    )


def stateful_set(thing: Json) -> Workload:
    """https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/stateful-set-v1/."""
    spec, status = child(thing, "spec"), child(thing, "status")
    update = child(spec, "updateStrategy")
    return replace(
        _workload(WorkloadKind.STATEFUL_SET, thing, template=pod_template(spec)),
        strategy=text(update, "type"),
        partition=count(child(update, "rollingUpdate"), "partition"),
        is_ordered=text(spec, "podManagementPolicy") != "Parallel",
        update_revision=text(status, "updateRevision"),
        counts=_counts(spec, status),
    )


def daemon_set(thing: Json) -> Workload:
    """https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/daemon-set-v1/."""
    spec, status = child(thing, "spec"), child(thing, "status")
    return replace(
        _workload(WorkloadKind.DAEMON_SET, thing, template=pod_template(spec)),
        strategy=text(child(spec, "updateStrategy"), "type"),
        template_generation=text(child(thing, "metadata", "annotations"), _TEMPLATE_GENERATION),
        counts=Counts(
            wanted=count(status, "desiredNumberScheduled"),
            total=count(status, "currentNumberScheduled"),
            updated=count(status, "updatedNumberScheduled"),
            ready=count(status, "numberReady"),
            available=count(status, "numberAvailable"),
        ),
    )


def cron_job(thing: Json) -> Workload:
    """https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/cron-job-v1/.

    Its status speaks of no generation: nothing has to be begun with.
    """
    spec, status = child(thing, "spec"), child(thing, "status")
    workload = _workload(
        WorkloadKind.CRON_JOB, thing, template=pod_template(child(spec, "jobTemplate", "spec"))
    )
    return replace(
        workload,
        observed_generation=workload.generation,
        is_suspended=flag(spec, "suspend"),
        schedule=text(spec, "schedule"),
        active_jobs=frozenset(text(each, "uid") for each in children(status, "active")),
        selector=_OF_A_JOB,
    )


WORKLOADS: Mapping[str, Callable[[Json], Workload]] = {
    WorkloadKind.DEPLOYMENT: deployment,
    WorkloadKind.STATEFUL_SET: stateful_set,
    WorkloadKind.DAEMON_SET: daemon_set,
    WorkloadKind.CRON_JOB: cron_job,
}


def _workload(kind: WorkloadKind, thing: Json, *, template: Template) -> Workload:
    """What all kinds write alike."""
    metadata, spec, status = child(thing, "metadata"), child(thing, "spec"), child(thing, "status")
    return Workload(
        kind=kind,
        name=text(metadata, "name"),
        namespace=text(metadata, "namespace"),
        uid=text(metadata, "uid"),
        resource_version=text(metadata, "resourceVersion"),
        generation=generation(metadata, "generation"),
        observed_generation=generation(status, "observedGeneration"),
        created_at=time(metadata, "creationTimestamp"),
        is_terminating=bool(metadata.get("deletionTimestamp")),
        labels=strings(metadata, "labels"),
        annotations=strings(metadata, "annotations"),
        owners=owners(metadata),
        managers=tuple(manager(each) for each in children(metadata, "managedFields")),
        min_ready_seconds=count(spec, "minReadySeconds"),
        selector=selector(child(spec, "selector")),
        template=template,
        counts=Counts(wanted=0, total=0, updated=0, ready=0, available=0),
        conditions=conditions(status),
    )


def job(thing: Json) -> Job:
    """https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/."""
    metadata, spec, status = child(thing, "metadata"), child(thing, "spec"), child(thing, "status")
    return Job(
        name=text(metadata, "name"),
        namespace=text(metadata, "namespace"),
        uid=text(metadata, "uid"),
        created_at=time(metadata, "creationTimestamp"),
        is_terminating=bool(metadata.get("deletionTimestamp")),
        annotations=strings(metadata, "annotations"),
        owners=owners(metadata),
        backoff_limit=count(spec, "backoffLimit", default=6),
        is_suspended=flag(spec, "suspend"),
        active=count(status, "active"),
        succeeded=count(status, "succeeded"),
        failed=count(status, "failed"),
        conditions=conditions(status),
        template=pod_template(spec),
    )


def replica_set(thing: Json) -> ReplicaSet:
    """https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/replica-set-v1/."""
    metadata, spec, status = child(thing, "metadata"), child(thing, "spec"), child(thing, "status")
    revision = text(child(metadata, "annotations"), _REVISION)
    return ReplicaSet(
        name=text(metadata, "name"),
        namespace=text(metadata, "namespace"),
        uid=text(metadata, "uid"),
        created_at=time(metadata, "creationTimestamp"),
        labels=strings(metadata, "labels"),
        owners=owners(metadata),
        revision=int(revision) if _NUMBER.fullmatch(revision) else 0,
        template=pod_template(spec),
        wanted=count(spec, "replicas", default=1),
        total=count(status, "replicas"),
        ready=count(status, "readyReplicas"),
        conditions=conditions(status),
    )


def pod(thing: Json) -> Pod:
    """https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/."""
    metadata, spec, status = child(thing, "metadata"), child(thing, "spec"), child(thing, "status")
    return Pod(
        name=text(metadata, "name"),
        namespace=text(metadata, "namespace"),
        uid=text(metadata, "uid"),
        labels=strings(metadata, "labels"),
        annotations=strings(metadata, "annotations"),
        owners=owners(metadata),
        created_at=time(metadata, "creationTimestamp"),
        is_terminating=bool(metadata.get("deletionTimestamp")),
        terminating_at=time(metadata, "deletionTimestamp"),
        containers=containers(spec),
        init_containers=init_containers(spec),
        readiness_gates=tuple(text(each, "conditionType") for each in children(spec, "readinessGates")),
        node=text(spec, "nodeName"),
        phase=text(status, "phase"),
        reason=text(status, "reason"),
        message=text(status, "message"),
        started_at=time(status, "startTime"),
        conditions=conditions(status),
        statuses=statuses(status),
    )


def event(thing: Json) -> Event:
    """https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/, as the core API writes it.

    Newer reporters leave the first and the last time out, and send the time of the first, and a series of the others.
    """
    about, series = child(thing, "involvedObject"), child(thing, "series")
    once = time(thing, "eventTime")
    first = time(thing, "firstTimestamp") or once
    last = time(series, "lastObservedTime") or time(thing, "lastTimestamp") or once
    return Event(
        type=text(thing, "type"),
        reason=text(thing, "reason"),
        message=text(thing, "message"),
        count=count(series, "count") or count(thing, "count") or 1,
        first_at=first,
        last_at=last or first,
        kind=text(about, "kind"),
        namespace=text(about, "namespace"),
        name=text(about, "name"),
        uid=text(about, "uid"),
        field_path=text(about, "fieldPath"),
    )


def _counts(spec: Json, status: Json) -> Counts:
    return Counts(
        wanted=count(spec, "replicas", default=1),
        total=count(status, "replicas"),
        updated=count(status, "updatedReplicas"),
        ready=count(status, "readyReplicas"),
        available=count(status, "availableReplicas"),
        terminating=count(status, "terminatingReplicas"),
    )
