"""Whom the network policies let a pod reach, and who may enter one: as a cluster reads them, for every folder that has some."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from tests.k8s.manifests import FOLDERS, INSTALLATIONS, Manifest, manifests, named, of_kind

WEB = {"app.kubernetes.io/name": "headway", "app.kubernetes.io/component": "web"}
WORKER = WEB | {"app.kubernetes.io/component": "worker"}
POSTGRES = {"app.kubernetes.io/name": "headway-postgres"}
PUBLIC = ("1.1.1.1", "8.8.8.8", "140.82.112.3", "35.191.0.1", "2606:4700::1111")
API_SERVERS = ("10.96.0.1", "172.20.0.1", "192.168.49.2", "100.64.0.1", "fd00:10:96::1")
METADATA = "169.254.169.254"
NEVER = (22, 80, 443, 2379, 3306, 6379, 6443, 8080, 8443, 10250, 65535)
THROUGH_A_PROXY = {"overlays/cloud-sql", "overlays/gke"}
"""Their sidecar needs Google's API, and has web's network: k8s/overlays/cloud-sql/network.yaml says so."""
OPENS_THE_INTERNET = {"components/internet", *THROUGH_A_PROXY}
IN_THE_NAMESPACE = {"podSelector": {}}


def policies(folder: str, labels: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the specs of those that select a pod with these labels."""
    for policy in of_kind(folder, "NetworkPolicy"):
        if policy["spec"]["podSelector"].get("matchLabels", {}).items() <= labels.items():
            yield policy["spec"]


def reaches(folder: str, labels: dict[str, str], address: str, port: int, protocol: str = "TCP") -> bool:
    """Whether such a pod reaches an address outside all pods."""
    rules = [rule for policy in policies(folder, labels) for rule in policy.get("egress", [])]
    return any(_has_port(rule, port, protocol) and _has_address(rule, address) for rule in rules)


def _has_port(rule: dict[str, Any], port: int, protocol: str) -> bool:
    ports = rule.get("ports")
    return not ports or any(
        each.get("protocol", "TCP") == protocol
        and each.get("port", port) <= port <= each.get("endPort", each.get("port", port))
        for each in ports
    )


def _has_address(rule: dict[str, Any], address: str) -> bool:
    blocks = [each["ipBlock"] for each in rule.get("to", []) if "ipBlock" in each]
    wanted = ip_address(address)
    return not rule.get("to") or any(
        wanted in ip_network(block["cidr"])
        and not any(wanted in ip_network(each) for each in block.get("except", []))
        for block in blocks
    )


def test_the_two_checks_find_what_is_open() -> None:
    assert reaches("base", WORKER, "140.82.112.3", 443)
    assert reaches("base", WEB, "10.96.0.10", 53, "UDP")
    assert reaches("base", WEB, "10.1.2.3", 5432)
    assert reaches("components/internet", WEB, "140.82.112.3", 443)


@pytest.mark.parametrize("folder", [each for each in FOLDERS if each not in OPENS_THE_INTERNET])
def test_web_reaches_nothing_on_the_internet_on_any_port(folder: str) -> None:
    opened = [
        (address, port, protocol)
        for address in PUBLIC
        for port in (53, 3307, 4318, 5432, *NEVER)
        for protocol in ("TCP", "UDP")
        if reaches(folder, WEB, address, port, protocol)
    ]

    assert opened == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_web_reaches_no_api_server_kubelet_or_service_of_the_cluster_s_own_addresses(folder: str) -> None:
    opened = [
        (address, port) for address in API_SERVERS for port in NEVER if reaches(folder, WEB, address, port)
    ]

    assert opened == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_metadata_server_is_closed_but_where_identities_come_from_it(folder: str) -> None:
    opened = {
        (labels["app.kubernetes.io/component"], port)
        for labels in (WEB, WORKER)
        for port in NEVER
        if port not in {443, 6443} and reaches(folder, labels, METADATA, port)
    }

    assert opened == ({("web", 80), ("worker", 80)} if folder == "overlays/gke" else set())
    assert not reaches(folder, WEB, METADATA, 443)


@pytest.mark.parametrize("folder", sorted(OPENS_THE_INTERNET))
def test_where_web_reaches_the_internet_it_does_so_by_https_and_as_the_overlay_says(folder: str) -> None:
    opened = {port for address in PUBLIC for port in (3307, *NEVER) if reaches(folder, WEB, address, port)}

    assert opened == ({443, 3307} if folder in THROUGH_A_PROXY else {443})


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_policy_says_both_to_whom_and_on_which_port(folder: str) -> None:
    """But for the worker's: registries, GitHub and API servers are at any address."""
    without = [
        policy["metadata"]["name"]
        for policy in of_kind(folder, "NetworkPolicy")
        for rule in policy["spec"].get("egress", [])
        if not rule.get("to") or not rule.get("ports")
    ]

    # The proxy finds its instance at an address that is the user's.
    assert set(without) <= {"worker", "secrets", "cloud-sql"}


def doors(folder: str, labels: dict[str, str]) -> list[tuple[str, int]]:
    """Who may enter such a pod, by what says who they are, and where."""
    return sorted(
        (_named(peer), port["port"])
        for policy in policies(folder, labels)
        for rule in policy.get("ingress", [])
        for peer in rule.get("from", [{"anyone": True}])
        for port in rule.get("ports", [{"port": 0}])
    )


def _named(peer: dict[str, Any]) -> str:
    match peer:
        case {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}} if len(peer) == 1:
            return f"pods of {name}"
        case {"podSelector": {"matchLabels": {"app.kubernetes.io/name": name}}} if len(peer) == 1:
            return f"{name}'s pods"
        case _ if peer == IN_THE_NAMESPACE:
            return "its namespace"
    return f"unknown: {peer}"


@pytest.mark.parametrize("folder", INSTALLATIONS)
def test_only_the_named_ones_enter_web_the_worker_and_the_database(folder: str) -> None:
    has_ingress = any(each["kind"] == "Ingress" for each in manifests(folder))
    has_prometheus = any(each["kind"] == "ServiceMonitor" for each in manifests(folder))
    expected = [("its namespace", 8000)]
    expected += [("pods of ingress-nginx", 8000)] if has_ingress else []
    expected += [("pods of monitoring", 8000)] if has_prometheus else []

    assert doors(folder, WEB) == sorted(expected)
    assert doors(folder, WORKER) == []
    assert set(doors(folder, POSTGRES)) <= {("headway's pods", 5432)}


@pytest.mark.parametrize("folder", INSTALLATIONS)
def test_the_pods_have_the_labels_that_the_policies_select(folder: str) -> None:
    for name, labels in (("headway-web", WEB), ("headway-worker", WORKER)):
        assert named(folder, "Deployment", name)["spec"]["template"]["metadata"]["labels"] == labels
    for database in of_kind(folder, "StatefulSet"):
        assert database["spec"]["template"]["metadata"]["labels"] == POSTGRES
    everyone = named(folder, "NetworkPolicy", "nothing-unless-named")
    assert everyone["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def internal_paths(ingress: Manifest) -> set[str]:
    return {
        path["path"]
        for rule in ingress["spec"]["rules"]
        for path in rule["http"]["paths"]
        if path["backend"]["service"]["name"] == "headway-nowhere" and path["pathType"] == "Exact"
    }


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_ingress_keeps_metrics_and_probes_inside(folder: str) -> None:
    for ingress in of_kind(folder, "Ingress"):
        assert internal_paths(ingress) == {"/metrics", "/healthz", "/readyz"}
        assert named(folder, "Service", "headway-nowhere")["spec"].keys() == {"ports"}
