"""Lists and watches of the demo cluster."""

import time
from typing import Any

import pytest

from simulators.cluster import DemoCluster
from tests.simulators.cluster.cluster_client import DEPLOYMENTS, Client


def names(answer: dict[str, Any]) -> list[str]:
    return [one["metadata"]["name"] for one in answer["items"]]


def test_a_list_comes_page_by_page(five: DemoCluster) -> None:
    with Client(five) as client:
        first = client.get(DEPLOYMENTS, limit=2)
        second = client.get(DEPLOYMENTS, limit=2, **{"continue": first["metadata"]["continue"]})
        third = client.get(DEPLOYMENTS, limit=2, **{"continue": second["metadata"]["continue"]})

    assert [names(page) for page in (first, second, third)] == [["s0", "s1"], ["s2", "s3"], ["s4"]]
    assert first["metadata"]["remainingItemCount"] == 3
    assert "continue" not in third["metadata"]


def test_all_pages_show_the_moment_of_the_first(five: DemoCluster) -> None:
    with Client(five) as client:
        first = client.get(DEPLOYMENTS, limit=2)
        five.delete_deployment("default", "s3")
        rest = client.get(DEPLOYMENTS, **{"continue": first["metadata"]["continue"]})

    assert names(rest) == ["s2", "s3", "s4"]
    assert rest["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_an_expired_continue_token_is_gone(five: DemoCluster) -> None:
    with Client(five) as client:
        token = client.get(DEPLOYMENTS, limit=2)["metadata"]["continue"]
        five.expire_continue_tokens()

        status, answer = client.ask("GET", DEPLOYMENTS, **{"continue": token})

    assert (status, answer["reason"]) == (410, "Expired")


def test_a_continue_token_of_ones_own_making_is_refused(five: DemoCluster) -> None:
    with Client(five) as client:
        status, _ = client.ask("GET", DEPLOYMENTS, **{"continue": "nonsense!"})

    assert status == 400


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("team=odd", ["s1", "s3"]),
        ("team!=odd", ["s0", "s2", "s4"]),
        ("team in (odd,none),app notin (s1)", ["s3"]),
        ("!team", []),
        ("team,app=s0", ["s0"]),
    ],
)
def test_labels_select(five: DemoCluster, selector: str, found: list[str]) -> None:
    with Client(five) as client:
        answer = client.get(DEPLOYMENTS, labelSelector=selector)

    assert names(answer) == found


def test_a_field_selects_by_name(five: DemoCluster) -> None:
    with Client(five) as client:
        answer = client.get(DEPLOYMENTS, fieldSelector="metadata.name=s3")

    assert names(answer) == ["s3"]


def test_events_are_selected_by_what_they_are_about(demo_cluster: DemoCluster) -> None:
    for name in ("cron", "other"):
        demo_cluster.create_deployment("default", name, containers={"web": "app:1"})
    demo_cluster.settle_now()
    uid = demo_cluster.deployment("default", "cron")["metadata"]["uid"]

    with Client(demo_cluster) as client:
        events = client.get("/api/v1/namespaces/default/events", fieldSelector=f"involvedObject.uid={uid}")[
            "items"
        ]

    assert [event["reason"] for event in events] == ["ScalingReplicaSet"]
    assert events[0]["involvedObject"]["name"] == "cron"


def test_a_field_that_cannot_select_is_refused(five: DemoCluster) -> None:
    with Client(five) as client:
        status, answer = client.ask("GET", DEPLOYMENTS, fieldSelector="spec.replicas=1")

    assert (status, answer["message"]) == (400, "field label not supported: spec.replicas")


@pytest.mark.slow
def test_five_thousand_deployments_are_there_at_once(demo_cluster: DemoCluster) -> None:
    for number in range(5000):
        demo_cluster.create_deployment("default", f"s{number:04}", containers={"web": "app:1"}, settled=True)

    begun = time.process_time()
    with Client(demo_cluster) as client:
        page = client.get(DEPLOYMENTS, limit=500)

    assert page["metadata"]["remainingItemCount"] == 4500
    assert time.process_time() - begun < 2
