"""From the API server's JSON to what rules read. Nothing raises: what is odd is not there.

The fields: https://kubernetes.io/docs/reference/kubernetes-api/.
"""

import json
import re
from functools import lru_cache

from deployments.clients.cluster.fields import (
    child,
    children,
    count,
    flag,
    generation,
    integer,
    strings,
    text,
    texts,
    time,
)
from deployments.clients.cluster.parse_containers import containers, init_containers, statuses
from deployments.clients.cluster.transport import Json
from deployments.rules.pods import Condition, Event, Owner, Pod
from deployments.rules.selectors import LabelSelector, Requirement
from deployments.rules.workloads import Counts, FieldManager, ReplicaSet, Template, Workload

_REVISION = "deployment.kubernetes.io/revision"
_NUMBER = re.compile(r"[0-9]{1,18}")
_CONTAINER_KEY = "k:"


def deployment(thing: Json) -> Workload:
    """https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/."""
    metadata, spec, status = child(thing, "metadata"), child(thing, "spec"), child(thing, "status")
    deadline = integer(spec, "progressDeadlineSeconds")
    return Workload(
        kind="Deployment",
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
        owners=_owners(metadata),
        managers=tuple(_manager(each) for each in children(metadata, "managedFields")),
        is_paused=flag(spec, "paused"),
        strategy=text(child(spec, "strategy"), "type"),
        progress_deadline_seconds=deadline,
        min_ready_seconds=count(spec, "minReadySeconds"),
        selector=_selector(child(spec, "selector")),
        template=_template(spec),
        counts=_counts(spec, status),
        conditions=_conditions(status),
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
        owners=_owners(metadata),
        revision=int(revision) if _NUMBER.fullmatch(revision) else 0,
        template=_template(spec),
        wanted=count(spec, "replicas", default=1),
        total=count(status, "replicas"),
        ready=count(status, "readyReplicas"),
        conditions=_conditions(status),
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
        owners=_owners(metadata),
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
        conditions=_conditions(status),
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


def _owners(metadata: Json) -> tuple[Owner, ...]:
    return tuple(
        Owner(
            api_version=text(each, "apiVersion"),
            kind=text(each, "kind"),
            name=text(each, "name"),
            uid=text(each, "uid"),
            is_controller=flag(each, "controller"),
        )
        for each in children(metadata, "ownerReferences")
    )


def _manager(entry: Json) -> FieldManager:
    written = child(entry, "fieldsV1", "f:spec", "f:template", "f:spec")
    return FieldManager(
        manager=text(entry, "manager"),
        operation=text(entry, "operation"),
        subresource=text(entry, "subresource"),
        at=time(entry, "time"),
        images=frozenset(
            name
            for kind in ("f:containers", "f:initContainers")
            for key in child(written, kind)
            if "f:image" in child(written, kind, key) and (name := _name_in(key))
        ),
    )


@lru_cache(maxsize=1024)
def _name_in(key: str) -> str:
    """The name of `k:{"name":"web"}`, by which managed fields tell list items apart."""
    try:
        keys = json.loads(key.removeprefix(_CONTAINER_KEY))
    except (ValueError, RecursionError):
        return ""
    return text(keys, "name") if isinstance(keys, dict) else ""


def _selector(wanted: Json) -> LabelSelector:
    return LabelSelector(
        labels=strings(wanted, "matchLabels"),
        requirements=tuple(
            Requirement(key=text(each, "key"), operator=text(each, "operator"), values=texts(each, "values"))
            for each in children(wanted, "matchExpressions")
        ),
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


def _conditions(status: Json) -> tuple[Condition, ...]:
    return tuple(
        Condition(
            type=text(each, "type"),
            status=text(each, "status"),
            reason=text(each, "reason"),
            message=text(each, "message"),
            changed_at=time(each, "lastTransitionTime"),
            updated_at=time(each, "lastUpdateTime"),
        )
        for each in children(status, "conditions")
    )


def _template(spec: Json) -> Template:
    template = child(spec, "template")
    metadata, pod_spec = child(template, "metadata"), child(template, "spec")
    return Template(
        labels=strings(metadata, "labels"),
        annotations=strings(metadata, "annotations"),
        containers=containers(pod_spec),
        init_containers=init_containers(pod_spec),
    )
