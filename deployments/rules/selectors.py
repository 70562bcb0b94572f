"""Label selectors: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors."""

from collections.abc import Mapping
from typing import Any


def selector(deployment: Mapping[str, Any]) -> str:
    """The Deployment's label selector as the API's `labelSelector` parameter: `app=cron,tier in (a,b),!old`."""
    wanted = (deployment.get("spec") or {}).get("selector") or {}
    terms = [f"{key}={value}" for key, value in sorted((wanted.get("matchLabels") or {}).items())]
    return ",".join(terms + [_term(each) for each in wanted.get("matchExpressions") or []])


def selects(wanted: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector, as a Deployment has one, picks a pod with these labels."""
    same = all(labels.get(key) == value for key, value in (wanted.get("matchLabels") or {}).items())
    return same and all(_meets(each, labels) for each in wanted.get("matchExpressions") or [])


def _meets(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or []
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels


def _term(expression: Mapping[str, Any]) -> str:
    key, values = expression["key"], ",".join(expression.get("values") or [])
    terms = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": f"{key}"}
    return terms.get(expression["operator"], f"!{key}")
