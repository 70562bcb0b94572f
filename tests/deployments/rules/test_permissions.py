"""Which rights the mapped kinds need: the shipped Roles, and those that `manage.py rbac` prints, have them and no other."""

from collections.abc import Iterable
from typing import Any

import pytest
import yaml

from deployments.rules.permissions import (
    PERMISSIONS,
    NamespaceMapping,
    Permission,
    ServiceAccount,
    permissions_for,
    roles,
)
from deployments.rules.workloads import WorkloadKind
from simulators.cluster.cluster import RBAC, WORKLOADS_RBAC

ACCOUNT = ServiceAccount(name="me", namespace="headway")
Granted = tuple[str, str, str]


def granted(rules: Iterable[Any]) -> set[Granted]:
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def needed(permissions: Iterable[Permission]) -> set[Granted]:
    return {(each.group, each.resource, verb) for each in permissions for verb in each.verbs}


def shipped(path: Any) -> set[Granted]:
    documents = yaml.safe_load_all(path.read_text())
    return granted(rule for one in documents if one["kind"] == "Role" for rule in one["rules"])


def test_base_has_what_deployments_need() -> None:
    assert shipped(RBAC / "role.yaml") == needed(PERMISSIONS)


def test_the_component_has_what_the_other_kinds_and_release_jobs_need_beside_it() -> None:
    everything = needed(permissions_for(WorkloadKind, release_jobs=True))

    assert shipped(WORKLOADS_RBAC / "rights.yaml") == everything - needed(PERMISSIONS)


@pytest.mark.parametrize(
    ("kinds", "release_jobs", "extra"),
    [
        ([], False, set()),
        (
            ["StatefulSet"],
            False,
            {("apps", "statefulsets", verb) for verb in ("get", "patch", "list")},
        ),
        (
            ["CronJob"],
            False,
            {("batch", "cronjobs", verb) for verb in ("get", "patch", "list")},
        ),
        (
            [],
            True,
            {("batch", "cronjobs", "get"), ("batch", "jobs", "create"), ("batch", "jobs", "get")},
        ),
    ],
)
def test_a_kind_needs_its_own_rights_and_those_to_explain_failures(
    kinds: list[str], extra: set[Granted], *, release_jobs: bool
) -> None:
    found = needed(permissions_for(kinds, release_jobs=release_jobs))

    shared = {("", "pods", "list"), ("", "events", "list"), ("", "pods/log", "get")} if extra else set()
    assert found == extra | shared


def test_each_namespaces_role_names_what_is_mapped_there_and_nothing_else() -> None:
    mappings = [
        NamespaceMapping(
            namespace="shop",
            names={"Deployment": {"web", "api"}, "CronJob": {"report"}, "DaemonSet": ()},
            release_jobs={"upgrade"},
        ),
        NamespaceMapping(namespace="logs", names={"DaemonSet": ["agent"]}),
    ]

    documents = list(roles(mappings, account=ACCOUNT))

    printed = {
        one["metadata"]["namespace"]: one["rules"] for one in as_read(documents) if one["kind"] == "Role"
    }
    named = {
        namespace: {
            (rule["resources"][0], verb, *rule["resourceNames"])
            for rule in rules
            if "resourceNames" in rule
            for verb in rule["verbs"]
        }
        for namespace, rules in printed.items()
    }
    assert named == {
        "shop": {
            ("deployments", "get", "api", "web"),
            ("deployments", "patch", "api", "web"),
            ("cronjobs", "get", "report"),
            ("cronjobs", "patch", "report"),
            ("cronjobs", "get", "upgrade"),
        },
        "logs": {("daemonsets", "get", "agent"), ("daemonsets", "patch", "agent")},
    }
    assert granted(printed["logs"]) == needed(permissions_for(["DaemonSet"]))


def test_a_namespace_with_a_release_job_alone_may_patch_nothing() -> None:
    mapping = NamespaceMapping(namespace="shop", names={}, release_jobs=["upgrade"])

    role, binding = as_read(list(roles([mapping], account=ACCOUNT)))

    assert "patch" not in {verb for _, _, verb in granted(role["rules"])}
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "me", "namespace": "headway"}]


def as_read(documents: list[Any]) -> list[Any]:
    """The manifests as YAML, and read again."""
    return list(yaml.safe_load_all(yaml.safe_dump_all(documents, sort_keys=False)))
