"""Which Deployments and namespaces are refused with 422, and in which words (pkg/apis/apps/validation)."""

import re
from collections.abc import Iterator
from typing import Any

from simulators.cluster.errors import bad_request, invalid
from simulators.cluster.kinds import DEPLOYMENTS, NAMESPACES, Json
from simulators.cluster.selectors import matches_selector

Cause = tuple[str, str, str]
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


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _wrong(field: str, value: Any, why: str) -> Cause:
    return field, "FieldValueInvalid", f"Invalid value: {_quoted(value)}: {why}"


def _required(field: str, why: str = "") -> Cause:
    return field, "FieldValueRequired", f"Required value: {why}" if why else "Required value"


def validate_namespace(namespace: Json) -> None:
    name = namespace["metadata"].get("name", "")
    if len(name) > 63 or not _LABEL.match(name):
        raise invalid(NAMESPACES, name, [_wrong("metadata.name", name, _LABEL_RULE)])


def check_shapes(deployment: Json) -> None:
    """Raises 400 for a value of a type that could not be decoded."""
    for path, wanted, go_type in _SHAPES:
        value: Any = deployment
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if value is not None and (
            not isinstance(value, wanted) or (wanted is int and isinstance(value, bool))
        ):
            where = ".".join(path)
            raise bad_request(
                f'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal '
                f"{_go_name(value)} into Go struct field {where} of type {go_type}"
            )
    annotations = deployment["metadata"].get("annotations") or {}
    if any(not isinstance(value, str) for value in annotations.values()):
        raise bad_request(
            'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal number into Go '
            "struct field ObjectMeta.metadata.annotations of type string"
        )


def _go_name(value: Any) -> str:
    names = {str: "string", bool: "bool", dict: "object", list: "array"}
    return names.get(type(value), "number")


def validate_deployment(deployment: Json, old: Json | None = None) -> None:
    """Raises 422 with every cause."""
    causes = [
        *_metadata_causes(deployment),
        *_spec_causes(deployment["spec"]),
        *_container_causes(deployment),
    ]
    if old is not None and deployment["spec"].get("selector") != old["spec"].get("selector"):
        shown = (
            f"v1.LabelSelector{{MatchLabels:{(deployment['spec'].get('selector') or {}).get('matchLabels')}}}"
        )
        causes.append(("spec.selector", "FieldValueInvalid", f"Invalid value: {shown}: field is immutable"))
    if causes:
        raise invalid(DEPLOYMENTS, deployment["metadata"].get("name", ""), causes)


def _metadata_causes(deployment: Json) -> Iterator[Cause]:
    name = deployment["metadata"].get("name", "")
    if not name:
        yield _required("metadata.name", "name or generateName is required")
    elif len(name) > 253 or not _SUBDOMAIN.match(name):
        yield _wrong("metadata.name", name, _SUBDOMAIN_RULE)


def _spec_causes(spec: Json) -> Iterator[Cause]:
    for field, least in (("replicas", 0), ("revisionHistoryLimit", 0), ("minReadySeconds", 0)):
        if (spec.get(field) or 0) < least:
            yield _wrong(f"spec.{field}", spec[field], "must be greater than or equal to 0")
    if (spec.get("progressDeadlineSeconds") or 0) <= (spec.get("minReadySeconds") or 0):
        value = spec.get("progressDeadlineSeconds")
        yield _wrong("spec.progressDeadlineSeconds", value, "must be greater than minReadySeconds")
    selector = spec.get("selector")
    if not selector:
        yield _required("spec.selector")
        yield _wrong("spec.selector", "{}", "empty selector is invalid for deployment")
    else:
        labels = spec["template"]["metadata"].get("labels") or {}
        if not matches_selector(selector, labels):
            shown = "{" + ", ".join(f'"{key}":"{value}"' for key, value in labels.items()) + "}"
            why = f"Invalid value: {shown}: `selector` does not match template `labels`"
            yield "spec.template.metadata.labels", "FieldValueInvalid", why
    yield from _strategy_causes(spec["strategy"])


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
        yield _wrong("spec.strategy.rollingUpdate.maxUnavailable", rolling["maxUnavailable"], why)


def blank_images(pod: Json) -> str:
    """Why a pod is refused whose images have blanks around them, which templates may have: empty where none has.

    https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go (ValidatePodCreate)
    """
    wrong = [
        f'spec.containers[{place}].image: Invalid value: "{one["image"]}": must not have leading or trailing whitespace'
        for place, one in enumerate(pod["spec"]["containers"])
        if one["image"] != one["image"].strip()
    ]
    return wrong[0] if len(wrong) == 1 else f"[{', '.join(wrong)}]" if wrong else ""


def _container_causes(deployment: Json) -> Iterator[Cause]:
    where = "spec.template.spec.containers"
    containers = deployment["spec"]["template"]["spec"].get("containers") or []
    if not containers:
        yield _required(where)
    seen: set[str] = set()
    for place, container in enumerate(containers):
        name, image = container.get("name", ""), container.get("image", "")
        if not name:
            yield _required(f"{where}[{place}].name")
        elif len(name) > 63 or not _LABEL.match(name):
            yield _wrong(f"{where}[{place}].name", name, _LABEL_RULE)
        elif name in seen:
            yield f"{where}[{place}].name", "FieldValueDuplicate", f'Duplicate value: "{name}"'
        seen.add(name)
        if not image:
            yield _required(f"{where}[{place}].image")
