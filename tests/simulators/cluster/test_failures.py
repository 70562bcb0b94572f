"""The switches that make the demo cluster fail."""

import time
from http.client import RemoteDisconnected

import pytest

from simulators.cluster import DemoCluster
from tests.simulators.cluster.cluster_client import DEPLOYMENTS, PODS, Client, set_image


@pytest.fixture
def settled(demo_cluster: DemoCluster) -> DemoCluster:
    demo_cluster.create_deployment("default", "cron", containers={"web": "app:1"}, settled=True)
    return demo_cluster


def image_of(cluster: DemoCluster) -> str:
    image: str = cluster.deployment("default", "cron")["spec"]["template"]["spec"]["containers"][0]["image"]
    return image


def test_a_request_fails_as_often_as_asked(settled: DemoCluster) -> None:
    settled.fail_next(500, times=2)

    with Client(settled) as client:
        answers = [client.ask("GET", DEPLOYMENTS)[0] for _ in range(3)]

    assert answers == [500, 500, 200]


def test_a_failed_patch_has_no_effect(settled: DemoCluster) -> None:
    settled.fail_next(409, method="PATCH")

    with Client(settled) as client:
        status, answer = client.patch("cron", set_image("web", "app:2"))

    assert (status, answer["reason"]) == (409, "Conflict")
    assert image_of(settled) == "app:1"


def test_only_the_requests_that_fit_fail(settled: DemoCluster) -> None:
    settled.fail_next(503, method="GET", path_contains="pods")

    with Client(settled) as client:
        answers = [client.ask("GET", path)[0] for path in (DEPLOYMENTS, PODS)]

    assert answers == [200, 503]


def test_a_throttled_request_says_when_to_come_back(settled: DemoCluster) -> None:
    settled.fail_next(429, retry_after=7)

    with Client(settled) as client:
        client.connection.request("GET", DEPLOYMENTS)
        with client.connection.getresponse() as response:
            answer = response.status, response.headers["Retry-After"]

    assert answer == (429, "7")


def test_a_request_hangs_for_the_time_asked(settled: DemoCluster) -> None:
    settled.hang(0.3, path_contains="deployments")
    begun = time.monotonic()

    with Client(settled) as client:
        status, _ = client.ask("GET", DEPLOYMENTS)

    assert status == 200
    assert time.monotonic() - begun >= 0.3


def test_a_hanging_request_does_not_keep_the_cluster_from_stopping(settled: DemoCluster) -> None:
    settled.hang(60)
    with Client(settled) as client:
        client.connection.request("GET", DEPLOYMENTS)
        begun = time.monotonic()

        settled.stop()

    assert time.monotonic() - begun < 30


def test_a_dropped_connection_gets_no_answer_and_no_effect(settled: DemoCluster) -> None:
    settled.drop_connection(method="PATCH")

    with Client(settled) as client, pytest.raises(RemoteDisconnected):
        client.patch("cron", set_image("web", "app:2"))

    assert image_of(settled) == "app:1"


def test_an_answer_can_be_lost_after_the_patch_took_effect(settled: DemoCluster) -> None:
    settled.drop_connection(method="PATCH", after=True)

    with Client(settled) as client, pytest.raises(RemoteDisconnected):
        client.patch("cron", set_image("web", "app:2"))

    assert image_of(settled) == "app:2"
