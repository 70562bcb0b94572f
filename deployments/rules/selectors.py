"""Label selectors: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """One of `matchExpressions`; its operator is `In`, `NotIn`, `Exists` or `DoesNotExist`."""

    key: str
    operator: str
    values: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelSelector:
    """What labels must be like: all of it has to hold, so that an empty one picks everything."""

    labels: Mapping[str, str] = field(default_factory=dict)
    requirements: Sequence[Requirement] = ()


def selector(wanted: LabelSelector) -> str:
    """The label selector as the API's `labelSelector` parameter: `app=cron,tier in (a,b),!old`."""
    terms = [f"{key}={value}" for key, value in sorted(wanted.labels.items())]
    return ",".join(terms + [_term(each) for each in wanted.requirements])


def selects(wanted: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Whether a label selector, as a Deployment has one, picks a pod with these labels."""
    same = all(labels.get(key) == value for key, value in wanted.labels.items())
    return same and all(_meets(each, labels) for each in wanted.requirements)


def _meets(wanted: Requirement, labels: Mapping[str, str]) -> bool:
    key = wanted.key
    match wanted.operator:
        case "In":
            return labels.get(key) in wanted.values
        case "NotIn":
            return labels.get(key) not in wanted.values
        case "Exists":
            return key in labels
        case _:
            return key not in labels


def _term(wanted: Requirement) -> str:
    key, values = wanted.key, ",".join(wanted.values)
    terms = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": f"{key}"}
    return terms.get(wanted.operator, f"!{key}")
