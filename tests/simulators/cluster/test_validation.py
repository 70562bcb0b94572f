"""What the demo cluster refuses to keep, and what its namespaces take along."""

from typing import Any

import pytest

from simulators.cluster import DemoCluster
from tests.simulators.cluster.cluster_client import DEPLOYMENTS, Client, a_deployment, set_image


@pytest.fixture
def settled(demo_cluster: DemoCluster) -> DemoCluster:
    containers = {"web": "app:1", "proxy": "proxy:1"}
    demo_cluster.create_deployment("default", "cron", containers=containers, settled=True)
    return demo_cluster


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"selector": {"matchLabels": {"app": "other"}}}, "spec.template.metadata.labels"),
        ({"selector": None}, "spec.selector"),
        ({"replicas": -1}, "spec.replicas"),
        ({"strategy": {"type": "Sometimes"}}, "spec.strategy.type"),
        ({"minReadySeconds": 5, "progressDeadlineSeconds": 5}, "spec.progressDeadlineSeconds"),
    ],
)
def test_a_senseless_deployment_is_invalid(
    demo_cluster: DemoCluster, spec: dict[str, Any], field: str
) -> None:
    with Client(demo_cluster) as client:
        status, answer = client.ask("POST", DEPLOYMENTS, a_deployment(**spec))

    assert (status, answer["reason"]) == (422, "Invalid")
    assert field in [cause["field"] for cause in answer["details"]["causes"]]


def test_a_name_that_dns_would_refuse_is_invalid(demo_cluster: DemoCluster) -> None:
    with Client(demo_cluster) as client:
        status, answer = client.ask("POST", DEPLOYMENTS, a_deployment("Cron_Job"))

    assert status == 422
    assert (
        'Deployment.apps "Cron_Job" is invalid: metadata.name: Invalid value: "Cron_Job"' in answer["message"]
    )


def test_the_selector_is_immutable(settled: DemoCluster) -> None:
    with Client(settled) as client:
        status, answer = client.patch("cron", {"spec": {"selector": {"matchLabels": {"app": "x"}}}})

    assert status == 422
    assert "field is immutable" in answer["message"]


def test_a_deployment_that_exists_is_not_created_again(settled: DemoCluster) -> None:
    with Client(settled) as client:
        status, answer = client.ask("POST", DEPLOYMENTS, a_deployment("cron"))

    assert (status, answer["reason"]) == (409, "AlreadyExists")


def test_a_missing_deployment_is_not_found(demo_cluster: DemoCluster) -> None:
    with Client(demo_cluster) as client:
        status, answer = client.patch("gone", set_image("web", "app:2"))

    assert (status, answer["message"]) == (404, 'deployments.apps "gone" not found')


def test_a_body_that_is_no_json_is_a_bad_request(settled: DemoCluster) -> None:
    with Client(settled) as client:
        status, _ = client.patch("cron", "not an object")

    assert status == 400


def test_a_namespace_takes_its_content_along(demo_cluster: DemoCluster) -> None:
    demo_cluster.create_namespace("brief")
    demo_cluster.create_deployment("brief", "cron", containers={"web": "app:1"})

    with Client(demo_cluster) as client:
        _, answer = client.ask("DELETE", "/api/v1/namespaces/brief")
        demo_cluster.settle_now()
        left = [client.get(f"{path}/brief/{plural}")["items"] for path, plural in _CONTENT]
        status, _ = client.ask("GET", "/api/v1/namespaces/brief")

    assert answer["status"]["phase"] == "Terminating"
    assert (left, status) == ([[], [], [], []], 404)


_CONTENT = (
    ("/apis/apps/v1/namespaces", "deployments"),
    ("/apis/apps/v1/namespaces", "replicasets"),
    ("/api/v1/namespaces", "pods"),
    ("/api/v1/namespaces", "events"),
)
