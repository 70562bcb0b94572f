"""What several kinds of objects have in common: from the API server's JSON to what rules read."""

import json
from functools import lru_cache

from deployments.clients.cluster.fields import child, children, count, flag, strings, text, texts, time
from deployments.clients.cluster.parse_containers import containers, init_containers
from deployments.clients.cluster.transport import Json
from deployments.rules.pods import Condition, Owner
from deployments.rules.selectors import LabelSelector, Requirement
from deployments.rules.workloads import FieldManager, Template

_CONTAINER_KEY = "k:"
_WRITTEN = (
    ("f:spec", "f:template", "f:spec"),
    ("f:spec", "f:jobTemplate", "f:spec", "f:template", "f:spec"),
)
"""Where managed fields keep a pod's spec: of a CronJob its Jobs' template comes before."""


def owners(metadata: Json) -> tuple[Owner, ...]:
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


def manager(entry: Json) -> FieldManager:
    written = [child(entry, "fieldsV1", *way) for way in _WRITTEN]
    return FieldManager(
        manager=text(entry, "manager"),
        operation=text(entry, "operation"),
        subresource=text(entry, "subresource"),
        at=time(entry, "time"),
        images=frozenset(
            name
            for spec in written
            for kind in ("f:containers", "f:initContainers")
            for key in child(spec, kind)
            if "f:image" in child(spec, kind, key) and (name := _name_in(key))
        ),
    )


@lru_cache(maxsize=1024)
def _name_in(key: str) -> str:
    """The name of `k:{"name":"web"}`, by which managed fields identify list items."""
    try:
        keys = json.loads(key.removeprefix(_CONTAINER_KEY))
    except (ValueError, RecursionError):
        return ""
    return text(keys, "name") if isinstance(keys, dict) else ""


def selector(wanted: Json) -> LabelSelector:
    return LabelSelector(
        labels=strings(wanted, "matchLabels"),
        requirements=tuple(
            Requirement(key=text(each, "key"), operator=text(each, "operator"), values=texts(each, "values"))
            for each in children(wanted, "matchExpressions")
        ),
    )


def conditions(status: Json) -> tuple[Condition, ...]:
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


def pod_template(spec: Json) -> Template:
    template = child(spec, "template")
    metadata, pod_spec = child(template, "metadata"), child(template, "spec")
    return Template(
        labels=strings(metadata, "labels"),
        annotations=strings(metadata, "annotations"),
        containers=containers(pod_spec),
        init_containers=init_containers(pod_spec),
        grace_seconds=count(pod_spec, "terminationGracePeriodSeconds"),
    )
