"""What k8s/ ships is valid, locked down, and names nothing that the code lacks."""

import importlib
from typing import Any

import pytest
import yaml
from kubernetes_validate import ValidationError, validate

from dashboard.queue_settings import QUEUE
from tests.k8s.manifests import (
    FOLDERS,
    INSTALLATIONS,
    containers,
    manifests,
    named,
    of_kind,
    our_containers,
    pods,
)

pytestmark = pytest.mark.slow

KUBERNETES = ("1.25", "1.31", "1.37")
SIDECARS_SINCE = "1.29"
API_SERVERS = (6443, 8443, 16443)
"""Where policies see the API server whose Service's port was translated before: kubeadm, k3s and kind; minikube; MicroK8s."""
USES_SIDECARS = {"overlays/cloud-sql", "overlays/gke"}
CUSTOM = {"monitoring.coreos.com/v1"}


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("folder", FOLDERS)
def test_it_is_valid(folder: str, version: str) -> None:
    if folder in USES_SIDECARS and version < SIDECARS_SINCE:
        version = SIDECARS_SINCE

    for each in manifests(folder):
        if each["apiVersion"] not in CUSTOM:
            validate(each, version, strict=True)


def test_a_misspelt_key_would_be_found() -> None:
    (wrong,) = yaml.safe_load_all(
        yaml.safe_dump(named("base", "Deployment", "headway-web")).replace("readOnlyRoot", "readonlyRoot")
    )

    with pytest.raises(ValidationError, match="readonlyRoot"):
        validate(wrong, KUBERNETES[0], strict=True)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_object_says_in_which_namespace_it_lies(folder: str) -> None:
    without = {each["kind"] for each in manifests(folder) if "namespace" not in each["metadata"]}

    assert without <= {"Namespace"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_pod_is_restricted(folder: str) -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, and a root file system that is read only."""
    for _, pod in pods(folder):
        security = pod["securityContext"]
        assert security["runAsNonRoot"] is True
        assert security["runAsUser"] > 0
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
        assert all({"emptyDir", "secret", "configMap"} & set(volume) for volume in pod.get("volumes", []))
        for container in containers(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"requests", "limits"} == set(container["resources"])
            assert all("hostPort" not in port for port in container.get("ports", []))


@pytest.mark.parametrize("folder", INSTALLATIONS)
def test_only_the_worker_gets_a_token(folder: str) -> None:
    holders = {name for name, pod in pods(folder) if pod.get("automountServiceAccountToken") is not False}

    # The Job that makes the first secrets: its rights have their own test.
    assert holders - {"headway-secrets"} == {"headway-worker"}
    assert all(each["automountServiceAccountToken"] is False for each in of_kind(folder, "ServiceAccount"))


@pytest.mark.parametrize("folder", INSTALLATIONS)
def test_web_knows_no_secret_of_the_worker_s(folder: str) -> None:
    pod = named(folder, "Deployment", "headway-web")["spec"]["template"]["spec"]

    assert "headway-worker" not in str(pod)
    assert "GITHUB_TOKEN" not in str(pod)


@pytest.mark.parametrize("folder", INSTALLATIONS)
def test_web_and_the_worker_connect_as_separate_roles_and_only_the_migration_as_the_owner(
    folder: str,
) -> None:
    keys = {
        container["name"]: [
            each["valueFrom"]["secretKeyRef"]["key"]
            for each in container["env"]
            if each["name"] == "DATABASE_URL"
        ]
        for _, container in our_containers(folder)
        if container["name"] != "secrets"
    }

    assert keys == {
        "migrate": ["DATABASE_URL"],
        "web": ["WEB_DATABASE_URL"],
        "worker": ["WORKER_DATABASE_URL"],
    }


@pytest.mark.parametrize("folder", INSTALLATIONS)
def test_the_worker_s_rights_are_bound_to_its_account_and_to_nobody_else(folder: str) -> None:
    account = {"kind": "ServiceAccount", "name": "headway-worker", "namespace": "headway"}

    for binding in of_kind(folder, "RoleBinding"):
        if binding["metadata"]["name"] == "headway-secrets":
            continue
        assert binding["subjects"] == [account]
        namespace = binding["metadata"]["namespace"]
        roles = [each for each in of_kind(folder, "Role") if each["metadata"]["namespace"] == namespace]
        assert [role["metadata"]["name"] for role in roles] == [binding["roleRef"]["name"]]
    assert of_kind(folder, "ClusterRole", "ClusterRoleBinding") == []


def test_the_job_that_makes_secrets_may_create_them_and_nothing_else() -> None:
    job = named("components/secrets", "Job", "headway-secrets")["spec"]["template"]["spec"]
    (role,) = of_kind("components/secrets", "Role")
    (binding,) = of_kind("components/secrets", "RoleBinding")

    assert job["serviceAccountName"] == binding["subjects"][0]["name"] == "headway-secrets"
    assert role["rules"] == [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]}]
    assert role["metadata"]["namespace"] == binding["metadata"]["namespace"] == "headway"


def test_every_namespace_has_the_same_role() -> None:
    roles = of_kind("overlays/several-namespaces", "Role")

    assert len(roles) == 2
    assert roles[0]["rules"] == roles[1]["rules"]


def rules_for(component: str, direction: str) -> list[dict[str, Any]]:
    """What the base's policies let into a component's pods, or out of them."""
    labels = named("base", "Deployment", f"headway-{component}")["spec"]["template"]["metadata"]["labels"]
    policies = [each["spec"] for each in of_kind("base", "NetworkPolicy")]
    mine = [each for each in policies if each["podSelector"].get("matchLabels", {}).items() <= labels.items()]
    return [rule for policy in mine for rule in policy.get(direction, [])]


def test_nothing_enters_or_leaves_any_pod_but_what_another_policy_names() -> None:
    policy = named("base", "NetworkPolicy", "nothing-unless-named")

    assert policy["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert policy["metadata"]["namespace"] == "headway"


def test_web_is_entered_at_its_port_from_its_own_namespace_and_the_worker_not_at_all() -> None:
    own_namespace, its_port = [{"podSelector": {}}], [{"protocol": "TCP", "port": 8000}]

    assert rules_for("web", "ingress") == [{"from": own_namespace, "ports": its_port}]
    assert rules_for("worker", "ingress") == []


def test_a_worker_reaches_names_the_database_https_and_the_api_server_alone() -> None:
    ports = [port for rule in rules_for("worker", "egress") for port in rule["ports"]]

    assert {(port["protocol"], port["port"]) for port in ports} == {
        ("UDP", 53),
        *(("TCP", port) for port in (53, 5432, 443, *API_SERVERS)),
    }
    assert not any("endPort" in port for port in ports)


def test_the_job_that_makes_secrets_reaches_the_api_server_wherever_it_listens() -> None:
    (policy,) = of_kind("components/secrets", "NetworkPolicy")

    open_to = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
    assert open_to == {443, *API_SERVERS}


@pytest.mark.parametrize("folder", ["base", "overlays/install"])
def test_an_image_of_ours_in_a_private_registry_is_pulled_with_the_registry_s_secret(folder: str) -> None:
    ours = {pod["serviceAccountName"] for name, pod in pods(folder) if name != "headway-postgres"}
    (registry,) = [
        volume["secret"]["secretName"]
        for volume in named(folder, "Deployment", "headway-worker")["spec"]["template"]["spec"]["volumes"]
        if volume["name"] == "registry"
    ]

    pulled = {
        each["metadata"]["name"]: each.get("imagePullSecrets") for each in of_kind(folder, "ServiceAccount")
    }

    assert pulled == {each: [{"name": registry}] for each in ours}


def test_the_database_has_a_connection_for_everyone_while_two_of_each_are_updated() -> None:
    (container,) = named("overlays/everything", "StatefulSet", "headway-postgres")["spec"]["template"][
        "spec"
    ]["containers"]
    (most,) = [int(each.partition("=")[2]) for each in container["args"] if "max_connections" in each]
    threads = importlib.import_module("dashboard.gunicorn").threads
    parent = 1

    needed = 3 * threads + 3 * (QUEUE["workers"] + parent)

    assert most >= needed + 10


@pytest.mark.parametrize("folder", ["overlays/cloud-sql", "overlays/gke"])
def test_the_database_s_proxy_is_there_before_the_migration(folder: str) -> None:
    for _, pod in pods(folder):
        assert [each["name"] for each in pod["initContainers"]] == ["cloud-sql-proxy", "migrate"]


@pytest.mark.parametrize("folder", INSTALLATIONS)
def test_a_drained_node_never_waits_for_us(folder: str) -> None:
    for budget in of_kind(folder, "PodDisruptionBudget"):
        assert budget["spec"]["maxUnavailable"] == 1


def test_the_requests_keep_what_was_promised() -> None:
    requests = [
        int(container["resources"]["requests"]["memory"].removesuffix("Mi"))
        for _, container in our_containers("base")
        if container["name"] != "migrate"
    ]

    assert sum(requests) <= 250
