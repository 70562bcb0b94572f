"""Label and field selectors (kubernetes.io/docs/concepts/overview/working-with-objects/labels)."""

import re
from collections.abc import Callable, Mapping

from simulators.cluster.errors import bad_request
from simulators.cluster.kinds import Json

Matcher = Callable[[Json], bool]
_SETS = re.compile(r"^\s*(\S+)\s+(in|notin)\s*\(([^)]*)\)\s*$")
_EQUALS = re.compile(r"^\s*([^\s=!]+)\s*(==|=|!=)\s*([^\s=!]*)\s*$")
_EXISTS = re.compile(r"^\s*(!?)\s*([A-Za-z0-9][A-Za-z0-9._/-]*)\s*$")
_COMMA = re.compile(r",(?![^()]*\))")
_EVENT_FIELDS = (
    "involvedObject.kind",
    "involvedObject.name",
    "involvedObject.namespace",
    "involvedObject.uid",
)
_FIELDS = {
    "events": (*_EVENT_FIELDS, "reason", "type"),
    "pods": ("spec.nodeName", "status.phase"),
    "namespaces": ("status.phase",),
}


def _requirement(text: str) -> Callable[[Mapping[str, str]], bool]:
    if found := _SETS.match(text):
        key, word, listed = found.groups()
        values = {value.strip() for value in listed.split(",")}
        return lambda labels: (labels.get(key) in values) == (word == "in")
    if found := _EQUALS.match(text):
        key, sign, value = found.groups()
        return lambda labels: (labels.get(key) == value) == (sign != "!=")
    if found := _EXISTS.match(text):
        missing, key = found.groups()
        return lambda labels: (key in labels) != bool(missing)
    raise bad_request(f"unable to parse requirement: found '{text}', expected: a label selector")


def label_matcher(selector: str) -> Matcher:
    """Answers whether an object has the labels; raises 400 for a selector that cannot be parsed."""
    if not selector.strip():
        return lambda _: True
    requirements = [_requirement(part) for part in _COMMA.split(selector)]
    return lambda thing: all(holds(thing["metadata"].get("labels") or {}) for holds in requirements)


def _field(thing: Json, path: str) -> str:
    value: object = thing
    for step in path.split("."):
        value = value.get(step, "") if isinstance(value, dict) else ""
    return str(value)


def field_matcher(plural: str, selector: str) -> Matcher:
    """Answers whether an object's fields agree; raises 400 for a field the kind cannot be selected by."""
    wanted: list[tuple[str, bool, str]] = []
    for part in filter(None, selector.split(",")):
        found = _EQUALS.match(part)
        if found is None:
            raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
        path, sign, value = found.groups()
        if path not in ("metadata.name", "metadata.namespace", *_FIELDS.get(plural, ())):
            raise bad_request(f"field label not supported: {path}")
        wanted.append((path, sign != "!=", value))
    return lambda thing: all((_field(thing, path) == value) == equal for path, equal, value in wanted)


def matches_selector(selector: Json, labels: Mapping[str, str]) -> bool:
    """Whether `labels` satisfy a LabelSelector of the apps API (matchLabels and matchExpressions)."""
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_expression_holds(one, labels) for one in selector.get("matchExpressions") or ())


def _expression_holds(expression: Json, labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or ()
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels
