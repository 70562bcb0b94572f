"""The logs of the demo cluster's pods."""

from typing import Any

import pytest

from simulators.cluster import CRASHES, DemoCluster
from tests.simulators.cluster.cluster_client import PODS, Client
from tests.simulators.cluster.conftest import Images


def the_pod(cluster: DemoCluster) -> dict[str, Any]:
    return cluster.pods("default", "cron")[0]


def the_container(cluster: DemoCluster) -> dict[str, Any]:
    status: dict[str, Any] = next(iter(the_pod(cluster)["status"].get("containerStatuses", [])), {})
    return status


def start(cluster: DemoCluster) -> None:
    cluster.create_deployment("default", "cron", containers={"web": "app:1"})
    cluster.settle_now()


@pytest.mark.parametrize(
    ("query", "text"),
    [({}, "one\ntwo\nthree\n"), ({"tailLines": 1}, "three\n"), ({"container": "web", "tailLines": 0}, "")],
)
def test_a_log_is_plain_text(
    calm_cluster: DemoCluster, images: Images, query: dict[str, Any], text: str
) -> None:
    images.behaviours["app:1"] = CRASHES(1).with_log("one", "two", "three")
    start(calm_cluster)
    pod = the_pod(calm_cluster)["metadata"]["name"]

    with Client(calm_cluster, "headway") as client:
        status, log = client.ask("GET", f"{PODS}/{pod}/log", **query)

    assert (status, log) == (200, text)


def test_the_log_of_the_life_before_is_kept(demo_cluster: DemoCluster, images: Images) -> None:
    images.behaviours["app:1"] = CRASHES(1, ("boom",))
    start(demo_cluster)
    demo_cluster.wait_until(lambda: the_container(demo_cluster)["restartCount"] >= 1)
    pod = the_pod(demo_cluster)["metadata"]["name"]

    with Client(demo_cluster) as client:
        log = client.get(f"{PODS}/{pod}/log", previous="true")

    assert log == "boom\n"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"previous": "true"}, 'previous terminated container "web" in pod "{pod}" not found'),
        ({"container": "wbe"}, "container wbe is not valid for pod {pod}"),
    ],
)
def test_a_log_that_is_not_there_is_a_bad_request(
    demo_cluster: DemoCluster, query: dict[str, Any], message: str
) -> None:
    start(demo_cluster)
    pod = the_pod(demo_cluster)["metadata"]["name"]

    with Client(demo_cluster) as client:
        status, answer = client.ask("GET", f"{PODS}/{pod}/log", **query)

    assert (status, answer["message"]) == (400, message.format(pod=pod))


def test_a_container_that_never_started_has_no_log(calm_cluster: DemoCluster, images: Images) -> None:
    images.missing.add("app:1")
    start(calm_cluster)
    pod = the_pod(calm_cluster)["metadata"]["name"]

    with Client(calm_cluster) as client:
        status, answer = client.ask("GET", f"{PODS}/{pod}/log")

    assert status == 400
    assert answer["message"].endswith("is waiting to start: trying and failing to pull image")
