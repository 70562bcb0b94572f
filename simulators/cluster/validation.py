"""Which workloads and namespaces are refused with 422, and in which words (pkg/apis/apps/validation, pkg/apis/batch/validation)."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from simulators.cluster.errors import bad_request, invalid
from simulators.cluster.kinds import (
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    JOBS,
    NAMESPACES,
    STATEFUL_SETS,
    Json,
    Kind,
    pod_template,
)
from simulators.cluster.selectors import matches_selector

Cause = tuple[str, str, str]
_LONGEST_NAMES = {"CronJob": 52, "Job": 63}
_LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
_SUBDOMAIN = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_SHAPES: tuple[tuple[tuple[str, ...], type, str], ...] = (
    (("spec", "replicas"), int, "int32"),
    (("spec", "progressDeadlineSeconds"), int, "int32"),
    (("spec", "revisionHistoryLimit"), int, "int32"),
    (("spec", "paused"), bool, "bool"),
    (("spec", "template", "spec", "containers"), list, "[]v1.Container"),
    (("metadata", "labels"), dict, "map[string]string"),
    (("metadata", "annotations"), dict, "map[string]string"),
)
_JOB_PODS = ("spec", "jobTemplate", "spec", "template", "spec")
_BATCH_SHAPES: dict[str, tuple[tuple[tuple[str, ...], type, str], ...]] = {
    "CronJob": (
        (("spec", "schedule"), str, "string"),
        (("spec", "suspend"), bool, "bool"),
        ((*_JOB_PODS, "containers"), list, "[]v1.Container"),
    ),
    "Job": (
        (("spec", "suspend"), bool, "bool"),
        (("spec", "parallelism"), int, "int32"),
        (("spec", "completions"), int, "int32"),
        (("spec", "backoffLimit"), int, "int32"),
    ),
}


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def wrong(field: str, value: Any, why: str) -> Cause:
    return field, "FieldValueInvalid", f"Invalid value: {_quoted(value)}: {why}"


def _required(field: str, why: str = "") -> Cause:
    return field, "FieldValueRequired", f"Required value: {why}" if why else "Required value"


def validate_namespace(namespace: Json) -> None:
    name = namespace["metadata"].get("name", "")
    if len(name) > 63 or not _LABEL.match(name):
        raise invalid(NAMESPACES, name, [wrong("metadata.name", name, _LABEL_RULE)])


def check_shapes(workload: Json) -> None:
    """Raises 400 for a value of a type that could not be decoded."""
    kind = workload["kind"]
    for path, wanted, go_type in (*_SHAPES, *_BATCH_SHAPES.get(kind, ())):
        value: Any = workload
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if value is not None and (
            not isinstance(value, wanted) or (wanted is int and isinstance(value, bool))
        ):
            where = ".".join(path)
            raise bad_request(
                f'{kind} in version "v1" cannot be handled as a {kind}: json: cannot unmarshal '
                f"{_go_name(value)} into Go struct field {where} of type {go_type}"
            )
    annotations = workload["metadata"].get("annotations") or {}
    if any(not isinstance(value, str) for value in annotations.values()):
        raise bad_request(
            f'{kind} in version "v1" cannot be handled as a {kind}: json: cannot unmarshal number into Go '
            "struct field ObjectMeta.metadata.annotations of type string"
        )


def _go_name(value: Any) -> str:
    names = {str: "string", bool: "bool", dict: "object", list: "array"}
    return names.get(type(value), "number")


def validate_workload(kind: Kind, workload: Json, old: Json | None = None) -> None:
    """Raises 422 with every cause."""
    name, spec, template = workload["metadata"].get("name", ""), workload["spec"], pod_template(workload)
    where = "spec.jobTemplate.spec" if kind is CRON_JOBS else "spec"
    causes = [
        *metadata_causes(workload),
        *_OWN[kind.plural](spec, old and old["spec"]),
        *_policy_causes(kind, template, where),
        *_container_causes(template, f"{where}.template.spec"),
    ]
    if causes:
        raise invalid(kind, name, causes)


def _deployment_causes(spec: Json, old: Json | None) -> Iterator[Cause]:
    yield from _least_causes(spec, "replicas", "revisionHistoryLimit", "minReadySeconds")
    if (spec.get("progressDeadlineSeconds") or 0) <= (spec.get("minReadySeconds") or 0):
        value = spec.get("progressDeadlineSeconds")
        yield wrong("spec.progressDeadlineSeconds", value, "must be greater than minReadySeconds")
    yield from _selector_causes(spec, "deployment")
    yield from _strategy_causes(spec["strategy"])
    if old is not None and spec.get("selector") != old.get("selector"):
        yield _immutable("spec.selector", _go_selector(spec))


def _stateful_set_causes(spec: Json, old: Json | None) -> Iterator[Cause]:
    yield from _least_causes(spec, "replicas", "revisionHistoryLimit", "minReadySeconds")
    yield from _selector_causes(spec, "statefulset")
    yield from _update_causes(spec["updateStrategy"])
    if spec["podManagementPolicy"] not in ("OrderedReady", "Parallel"):
        why = "must be 'OrderedReady' or 'Parallel'"
        yield wrong("spec.podManagementPolicy", spec["podManagementPolicy"], why)
    partition = (spec["updateStrategy"].get("rollingUpdate") or {}).get("partition", 0)
    if partition < 0:
        where = "spec.updateStrategy.rollingUpdate.partition"
        yield wrong(where, partition, "must be greater than or equal to 0")
    kept = (spec.keys() | (old or {}).keys()) - _MAY_CHANGE
    if old is not None and any(spec.get(key) != old.get(key) for key in kept):
        yield "spec", "FieldValueForbidden", _STATEFUL_SET_RULE


def _daemon_set_causes(spec: Json, old: Json | None) -> Iterator[Cause]:
    yield from _least_causes(spec, "revisionHistoryLimit", "minReadySeconds")
    yield from _selector_causes(spec, "daemonset")
    yield from _update_causes(spec["updateStrategy"])
    rolling = spec["updateStrategy"].get("rollingUpdate") or {}
    if str(rolling.get("maxSurge", 0)) not in ("0", "0%"):
        why = "Forbidden: this demo cluster knows no maxSurge of DaemonSets"
        yield "spec.updateStrategy.rollingUpdate.maxSurge", "FieldValueForbidden", why
    elif rolling and str(rolling["maxUnavailable"]) in ("0", "0%"):
        yield _required("spec.updateStrategy.rollingUpdate.maxUnavailable", "cannot be 0 when maxSurge is 0")
    if old is not None and spec.get("selector") != old.get("selector"):
        yield _immutable("spec.selector", _go_selector(spec))


def _cron_job_causes(spec: Json, _: Json | None) -> Iterator[Cause]:
    schedule = spec.get("schedule") or ""
    if not schedule:
        yield _required("spec.schedule")
    elif not schedule.startswith("@") and len(schedule.split()) != 5:
        count = len(schedule.split())
        yield wrong("spec.schedule", schedule, f"expected exactly 5 fields, found {count}: [{schedule}]")
    if spec["concurrencyPolicy"] not in ("Allow", "Forbid", "Replace"):
        shown = f'Unsupported value: "{spec["concurrencyPolicy"]}": supported values: "Allow", "Forbid", "Replace"'
        yield "spec.concurrencyPolicy", "FieldValueNotSupported", shown


def _job_causes(spec: Json, old: Json | None) -> Iterator[Cause]:
    yield from _least_causes(spec, "parallelism", "completions", "backoffLimit")
    for field in ("completions", "template", "selector"):
        if old is not None and spec.get(field) != old.get(field):
            yield _immutable(f"spec.{field}", "…" if field != "completions" else spec.get(field))


_MAY_CHANGE = {
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
}
_STATEFUL_SET_RULE = (
    "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
_OWN: dict[str, Callable[[Json, Json | None], Iterator[Cause]]] = {
    DEPLOYMENTS.plural: _deployment_causes,
    STATEFUL_SETS.plural: _stateful_set_causes,
    DAEMON_SETS.plural: _daemon_set_causes,
    CRON_JOBS.plural: _cron_job_causes,
    JOBS.plural: _job_causes,
}


def _immutable(field: str, shown: object) -> Cause:
    return field, "FieldValueInvalid", f"Invalid value: {shown}: field is immutable"


def _go_selector(spec: Json) -> str:
    return f"v1.LabelSelector{{MatchLabels:{(spec.get('selector') or {}).get('matchLabels')}}}"


def _policy_causes(kind: Kind, template: Json, where: str) -> Iterator[Cause]:
    policy, field = template["spec"]["restartPolicy"], f"{where}.template.spec.restartPolicy"
    if kind in (CRON_JOBS, JOBS):
        if policy == "Always":
            yield _required(field, 'valid values: "OnFailure", "Never"')
    elif policy != "Always":
        why = f'Unsupported value: "{policy}": supported values: "Always"'
        yield field, "FieldValueNotSupported", why


def _update_causes(strategy: Json) -> Iterator[Cause]:
    if strategy["type"] not in ("RollingUpdate", "OnDelete"):
        yield wrong("spec.updateStrategy", strategy["type"], "must be 'RollingUpdate' or 'OnDelete'")


def metadata_causes(workload: Json) -> Iterator[Cause]:
    name = workload["metadata"].get("name", "")
    longest = _LONGEST_NAMES.get(workload["kind"], 253)
    if not name:
        yield _required("metadata.name", "name or generateName is required")
    elif len(name) > longest:
        yield wrong("metadata.name", name, f"must be no more than {longest} characters")
    elif not _SUBDOMAIN.match(name):
        yield wrong("metadata.name", name, _SUBDOMAIN_RULE)


def _least_causes(spec: Json, *fields: str) -> Iterator[Cause]:
    for field in fields:
        if (spec.get(field) or 0) < 0:
            yield wrong(f"spec.{field}", spec[field], "must be greater than or equal to 0")


def _selector_causes(spec: Json, word: str) -> Iterator[Cause]:
    selector = spec.get("selector")
    if not selector:
        yield _required("spec.selector")
        yield wrong("spec.selector", "{}", f"empty selector is invalid for {word}")
        return
    labels = spec["template"]["metadata"].get("labels") or {}
    if not matches_selector(selector, labels):
        shown = "{" + ", ".join(f'"{key}":"{value}"' for key, value in labels.items()) + "}"
        why = f"Invalid value: {shown}: `selector` does not match template `labels`"
        yield "spec.template.metadata.labels", "FieldValueInvalid", why


def _strategy_causes(strategy: Json) -> Iterator[Cause]:
    if strategy["type"] not in ("RollingUpdate", "Recreate"):
        why = f'Unsupported value: "{strategy["type"]}": supported values: "Recreate", "RollingUpdate"'
        yield "spec.strategy.type", "FieldValueNotSupported", why
    rolling = strategy.get("rollingUpdate")
    if strategy["type"] == "Recreate" and rolling is not None:
        why = "Forbidden: may not be specified when strategy `type` is 'Recreate'"
        yield "spec.strategy.rollingUpdate", "FieldValueForbidden", why
    if rolling and str(rolling["maxSurge"]) in ("0", "0%") and str(rolling["maxUnavailable"]) in ("0", "0%"):
        why = "may not be 0 when `maxSurge` is 0"
        yield wrong("spec.strategy.rollingUpdate.maxUnavailable", rolling["maxUnavailable"], why)


def blank_images(pod: Json) -> str:
    """Why a pod is refused whose images have blanks around them, which templates may have: empty where none has.

    https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go (ValidatePodCreate)
    """
    found = [
        f'spec.containers[{place}].image: Invalid value: "{one["image"]}": must not have leading or trailing whitespace'
        for place, one in enumerate(pod["spec"]["containers"])
        if one["image"] != one["image"].strip()
    ]
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]" if found else ""


def _container_causes(template: Json, where: str) -> Iterator[Cause]:
    if not template["spec"].get("containers"):
        yield _required(f"{where}.containers")
    seen: set[str] = set()
    for kind in ("initContainers", "containers"):
        for place, container in enumerate(template["spec"].get(kind) or ()):
            at, name = f"{where}.{kind}[{place}]", container.get("name", "")
            if not name:
                yield _required(f"{at}.name")
            elif len(name) > 63 or not _LABEL.match(name):
                yield wrong(f"{at}.name", name, _LABEL_RULE)
            elif name in seen:
                yield f"{at}.name", "FieldValueDuplicate", f'Duplicate value: "{name}"'
            seen.add(name)
            if not container.get("image", ""):
                yield _required(f"{at}.image")
