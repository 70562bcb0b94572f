"""The worker has exactly the Role that k8s/ ships, and needs all of it."""

from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from demo.world import NAMESPACE, World
from deployments.clients.cluster import Cluster, ClusterRefused, connect, parse
from deployments.models import Site
from deployments.rules.permissions import PERMISSIONS
from simulators.cluster.cluster import RBAC
from tests.factories import create_site, make_sites

Permission = tuple[str, str, str]
Use = Callable[[Cluster, str], object]


def _patch(cluster: Cluster, name: str) -> None:
    deployment = {
        "metadata": {"name": name, "namespace": NAMESPACE, "resourceVersion": "1"},
        "spec": {"template": {"spec": {"containers": [{"name": name, "image": "old"}]}}},
    }
    cluster.set_images(parse.deployment(deployment), images={name: "gcr.io/icco-cloud/x:1"}, annotations={})


USES: dict[Permission, Use] = {
    ("apps", "deployments", "get"): lambda cluster, name: cluster.workload("Deployment", NAMESPACE, name),
    ("apps", "deployments", "list"): lambda cluster, _: cluster.workloads("Deployment", NAMESPACE),
    ("apps", "deployments", "patch"): _patch,
    ("apps", "replicasets", "list"): lambda cluster, _: cluster.replica_sets(NAMESPACE, label_selector=""),
    ("", "pods", "list"): lambda cluster, _: cluster.pods(NAMESPACE, label_selector=""),
    ("", "events", "list"): lambda cluster, _: cluster.events(NAMESPACE, uid="1"),
    ("", "pods/log", "get"): lambda cluster, name: cluster.log(NAMESPACE, name, container=name),
}


def shipped() -> dict[str, Any]:
    role: dict[str, Any] = yaml.safe_load((RBAC / "role.yaml").read_text())
    return role


def rights_of(rules: list[dict[str, Any]]) -> set[Permission]:
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def write_rbac(folder: Path, rules: list[dict[str, Any]]) -> Path:
    """Write the shipped files with another list of rules."""
    for name in ("serviceaccount.yaml", "rolebinding.yaml"):
        (folder / name).write_text((RBAC / name).read_text())
    (folder / "role.yaml").write_text(yaml.safe_dump(shipped() | {"rules": rules}))
    return folder


@pytest.fixture
def connected(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Cluster, str]]:
    """A cluster that grants `request.param`'s rules, and the name of a Deployment there."""
    folder = tmp_path / "rbac"
    folder.mkdir()
    with World(one_mapping(), rbac=write_rbac(folder, request.param)) as world:
        kubeconfig = world.cluster.write_kubeconfig(tmp_path / "kubeconfig")
        with connect(kubeconfig=kubeconfig, timeout_seconds=(60, 60)) as cluster:
            yield cluster, next(iter(world.mappings.values())).deployment


def one_mapping() -> list[Any]:
    from demo.world import read_mappings

    return read_mappings()[:1]


def all_but(permission: Permission) -> list[dict[str, Any]]:
    return [
        {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
        for group, resource, verb in sorted(rights_of(shipped()["rules"]) - {permission})
    ]


def test_every_right_has_its_use() -> None:
    assert rights_of(shipped()["rules"]) == set(USES)


def test_the_rules_say_what_the_role_says() -> None:
    message = {
        (permission.group, permission.resource, verb)
        for permission in PERMISSIONS
        for verb in permission.verbs
    }

    assert message == rights_of(shipped()["rules"])


@pytest.mark.parametrize(
    ("connected", "use"),
    [(all_but(permission), use) for permission, use in USES.items()],
    indirect=["connected"],
    ids=[" ".join(permission).strip() for permission in USES],
)
def test_without_one_right_its_use_is_refused(connected: tuple[Cluster, str], use: Use) -> None:
    cluster, name = connected

    with pytest.raises(ClusterRefused):
        use(cluster, name)


@pytest.mark.parametrize("connected", [shipped()["rules"]], indirect=True, ids=["shipped"])
@pytest.mark.parametrize(
    ("verb", "group", "resource"),
    [
        ("get", "", "secrets"),
        ("create", "", "pods/exec"),
        ("delete", "apps", "deployments"),
        ("watch", "apps", "deployments"),
        ("get", "", "pods"),
        ("create", "apps", "deployments"),
        ("patch", "", "configmaps"),
        ("update", "apps", "deployments"),
    ],
)
def test_nothing_else_is_allowed(
    connected: tuple[Cluster, str], verb: str, group: str, resource: str
) -> None:
    cluster, _ = connected

    assert not cluster.may(verb=verb, group=group, resource=resource, namespace=NAMESPACE)


def printed_rbac(**options: str) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("rbac", stdout=out, **options)
    return list(yaml.safe_load_all(out.getvalue()))


def test_the_printed_role_names_exactly_the_mapped_deployments(db: None) -> None:
    create_site(host="a.example.com", owner="o", repository="a", deployment="alpha", container="alpha")
    create_site(host="b.example.com", owner="o", repository="b", deployment="beta", container="beta")
    create_site(
        host="c.example.com",
        owner="o",
        repository="c",
        deployment="gamma",
        container="gamma",
        namespace="other",
    )

    documents = printed_rbac(service_account="me")

    roles = {each["metadata"]["namespace"]: each for each in documents if each["kind"] == "Role"}
    named = {
        namespace: [rule.get("resourceNames") for rule in role["rules"] if "patch" in rule["verbs"]]
        for namespace, role in roles.items()
    }
    assert named == {"default": [["alpha", "beta"]], "other": [["gamma"]]}
    bindings = [each for each in documents if each["kind"] == "RoleBinding"]
    assert {each["subjects"][0]["name"] for each in bindings} == {"me"}
    assert rights_of(roles["default"]["rules"]) == set(USES)


def test_no_role_is_printed_that_would_allow_everything(db: None) -> None:
    with pytest.raises(CommandError, match="No site is mapped"):
        printed_rbac()


def test_the_printed_role_is_enough_for_the_mapped_and_refused_for_the_others(
    db: None, tmp_path: Path
) -> None:
    from demo.world import read_mappings

    mappings = read_mappings()[:2]
    with World(mappings) as full:
        make_sites(full)
    Site.objects.filter(host=mappings[1].host).delete()
    role = next(each for each in printed_rbac() if each["kind"] == "Role")
    folder = tmp_path / "rbac"
    folder.mkdir()

    with World(mappings, rbac=write_rbac(folder, role["rules"])) as world:
        kubeconfig = world.cluster.write_kubeconfig(tmp_path / "kubeconfig")
        with connect(kubeconfig=kubeconfig, timeout_seconds=(60, 60)) as cluster:
            cluster.workload("Deployment", NAMESPACE, mappings[0].deployment)
            assert len(cluster.workloads("Deployment", NAMESPACE)) == 2
            with pytest.raises(ClusterRefused):
                _patch(cluster, mappings[1].deployment)
