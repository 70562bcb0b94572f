"""Watches of the demo cluster."""

import time

from simulators.cluster import DemoCluster
from tests.simulators.cluster.cluster_client import DEPLOYMENTS, PODS, Client


def test_a_watch_shows_what_happened_since_its_version(five: DemoCluster) -> None:
    with Client(five) as client:
        version = client.get(DEPLOYMENTS)["metadata"]["resourceVersion"]
        five.create_deployment("default", "s5", containers={"web": "app:1"}, settled=True)
        five.delete_deployment("default", "s0")

        events = [
            next(stream) for stream in [client.watch(DEPLOYMENTS, resourceVersion=version)] for _ in range(2)
        ]

    assert [(event["type"], event["object"]["metadata"]["name"]) for event in events] == [
        ("ADDED", "s5"),
        ("DELETED", "s0"),
    ]


def test_a_watch_without_a_version_begins_with_what_is_there(five: DemoCluster) -> None:
    with Client(five) as client:
        events = list(client.watch(DEPLOYMENTS, labelSelector="team=odd", timeoutSeconds=1))

    assert [(event["type"], event["object"]["metadata"]["name"]) for event in events] == [
        ("ADDED", "s1"),
        ("ADDED", "s3"),
    ]


def test_a_watch_shows_what_left_its_selection(five: DemoCluster) -> None:
    with Client(five) as client, Client(five) as writer:
        version = client.get(DEPLOYMENTS)["metadata"]["resourceVersion"]
        writer.patch("s1", {"metadata": {"labels": {"team": "none"}}})

        event = next(client.watch(DEPLOYMENTS, labelSelector="team=odd", resourceVersion=version))

    assert (event["type"], event["object"]["metadata"]["name"]) == ("DELETED", "s1")


def test_a_watch_ends_at_its_timeout_with_a_bookmark(five: DemoCluster) -> None:
    with Client(five) as client:
        version = client.get(DEPLOYMENTS)["metadata"]["resourceVersion"]
        begun = time.monotonic()

        query = {"resourceVersion": version, "timeoutSeconds": 1, "allowWatchBookmarks": "true"}
        events = list(client.watch(DEPLOYMENTS, **query))

    assert [event["type"] for event in events] == ["BOOKMARK"]
    assert events[0]["object"]["metadata"]["resourceVersion"] == version
    assert 0.9 < time.monotonic() - begun < 30


def test_a_watch_from_a_forgotten_version_is_gone(five: DemoCluster) -> None:
    with Client(five) as client:
        version = client.get(DEPLOYMENTS)["metadata"]["resourceVersion"]
        five.forget_history()

        events = list(client.watch(DEPLOYMENTS, resourceVersion=version))

    assert [(event["type"], event["object"]["code"]) for event in events] == [("ERROR", 410)]
    assert events[0]["object"]["message"].startswith("too old resource version: ")


def test_the_history_is_bounded() -> None:
    with DemoCluster(history_length=10) as cluster, Client(cluster) as client:
        version = client.get(DEPLOYMENTS)["metadata"]["resourceVersion"]
        for number in range(10):
            cluster.create_deployment("default", f"s{number}", containers={"web": "app:1"}, settled=True)

        events = list(client.watch(DEPLOYMENTS, resourceVersion=version))

    assert [event["type"] for event in events] == ["ERROR"]


def test_stopping_the_cluster_ends_its_watches(five: DemoCluster) -> None:
    with Client(five) as client:
        version = client.get(PODS)["metadata"]["resourceVersion"]
        stream = client.watch(PODS, resourceVersion=version)
        five.create_deployment("default", "s5", containers={"web": "app:1"}, settled=True)
        next(stream)

        five.stop()

        assert list(stream) == []
