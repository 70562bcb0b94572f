"""JSON stops at the cluster's client: callers get frozen dataclasses, and nothing else reads an API object's fields."""

import re
from dataclasses import is_dataclass
from enum import Enum
from inspect import getfile, getmembers, isclass, isfunction
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from deployments.clients.cluster import Cluster
from deployments.clients.github import GitHub
from deployments.clients.registry import Registry
from deployments.clients.site_check import SiteCheck
from deployments.rules import jobs, pods, selectors, workloads
from tests.processes import CHECKOUT

RAW = re.compile(
    r"""(?:\[|\.get\()\s*["']
    (?:metadata|spec|template|containers|initContainers|[a-z]*[cC]ontainerStatuses|ownerReferences|managedFields|fieldsV1
    |involvedObject|conditions|deletionTimestamp|creationTimestamp|resourceVersion|observedGeneration|replicas
    |labels|annotations|matchLabels|matchExpressions|imageID|lastState)["']""",
    re.VERBOSE,
)
UNTYPED = re.compile(r"(?:Mapping|dict)\[str, (?:Any|object)\]")
DOMAIN = CHECKOUT / "deployments"
CLIENTS = {Path(getfile(client)).parent for client in (Cluster, GitHub, Registry, SiteCheck)}
READERS = [path for path in DOMAIN.rglob("*.py") if CLIENTS.isdisjoint(path.parents)]
SHAPES = [
    each
    for module in (jobs, pods, selectors, workloads)
    for _, each in getmembers(module, isclass)
    if each.__module__ == module.__name__ and not issubclass(each, Enum)
]
ASKED = [method for name, method in getmembers(Cluster, isfunction) if not name.startswith("_")]


def parts(hint: object) -> set[object]:
    """The types that a type hint is made of."""
    return {hint}.union(*(parts(each) for each in get_args(hint)))


def test_nobody_else_reads_an_objects_fields() -> None:
    read = {str(path): RAW.findall(path.read_text()) for path in READERS}

    assert {path: fields for path, fields in read.items() if fields} == {}


def test_rules_know_no_object_whose_fields_are_anything() -> None:
    rules = (DOMAIN / "rules").rglob("*.py")

    untyped = {str(path): UNTYPED.findall(path.read_text()) for path in rules}

    assert {path: found for path, found in untyped.items() if found} == {}


@pytest.mark.parametrize("method", ASKED, ids=lambda method: method.__name__)
def test_what_the_cluster_takes_and_answers_has_types(method: Any) -> None:
    hints = {part for hint in get_type_hints(method).values() for part in parts(hint)}

    assert not hints & {Any, object, dict}
    assert all(
        is_dataclass(part)
        for part in hints
        if getattr(part, "__module__", "").startswith("deployments.rules")
    )


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_what_rules_read_is_frozen(shape: Any) -> None:
    assert shape.__dataclass_params__.frozen
