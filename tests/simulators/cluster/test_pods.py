"""The pods of the demo cluster: how they start, fail, speak and end."""

from typing import Any

from simulators.cluster import CRASHES, OOM, SLOW, UNREADY, UNSCHEDULABLE, DemoCluster
from tests.simulators.cluster.cluster_client import PODS, Client
from tests.simulators.cluster.conftest import Images


def the_pod(cluster: DemoCluster) -> dict[str, Any]:
    return cluster.pods("default", "cron")[0]


def the_container(cluster: DemoCluster) -> dict[str, Any]:
    status: dict[str, Any] = next(iter(the_pod(cluster)["status"].get("containerStatuses", [])), {})
    return status


def waits_for(cluster: DemoCluster, reason: str) -> bool:
    return the_container(cluster)["state"].get("waiting", {}).get("reason") == reason


def start(cluster: DemoCluster) -> None:
    cluster.create_deployment("default", "cron", containers={"web": "app:1"})
    cluster.settle_now()


def events(cluster: DemoCluster) -> dict[str, str]:
    """The last message of each reason, about pods."""
    found = cluster.store.all_of("events", "default")
    return {event["reason"]: event["message"] for event in found if event["involvedObject"]["kind"] == "Pod"}


def test_a_healthy_pod_runs_ready(demo_cluster: DemoCluster) -> None:
    start(demo_cluster)

    container = the_container(demo_cluster)

    assert (container["ready"], container["restartCount"]) == (True, 0)
    assert "running" in container["state"]
    assert container["imageID"].startswith("app@sha256:")
    conditions = {one["type"]: one["status"] for one in the_pod(demo_cluster)["status"]["conditions"]}
    assert conditions == dict.fromkeys(("Initialized", "Ready", "ContainersReady", "PodScheduled"), "True")


def test_a_healthy_pod_shows_how_it_started(demo_cluster: DemoCluster) -> None:
    start(demo_cluster)

    assert list(events(demo_cluster)) == ["Scheduled", "Pulling", "Pulled", "Created", "Started"]


def test_a_pod_is_owned_by_its_replica_set(demo_cluster: DemoCluster) -> None:
    start(demo_cluster)
    replica_set = demo_cluster.store.all_of("replicasets")[0]

    pod = the_pod(demo_cluster)

    assert pod["metadata"]["ownerReferences"][0]["uid"] == replica_set["metadata"]["uid"]
    assert pod["metadata"]["name"].startswith(f"{replica_set['metadata']['name']}-")
    digest = replica_set["metadata"]["labels"]["pod-template-hash"]
    assert pod["metadata"]["labels"] == {"app": "cron", "pod-template-hash": digest}


def test_a_missing_image_backs_off(calm_cluster: DemoCluster, images: Images) -> None:
    images.missing.add("app:1")

    start(calm_cluster)

    assert waits_for(calm_cluster, "ImagePullBackOff")
    assert the_pod(calm_cluster)["status"]["phase"] == "Pending"
    assert events(calm_cluster)["BackOff"] == 'Back-off pulling image "app:1"'


def test_a_pod_recovers_when_its_image_appears(demo_cluster: DemoCluster, images: Images) -> None:
    images.missing.add("app:1")
    start(demo_cluster)

    images.missing.clear()
    demo_cluster.wait_until(lambda: the_container(demo_cluster)["ready"])

    assert the_pod(demo_cluster)["status"]["phase"] == "Running"


def test_a_crashing_container_is_restarted_and_backs_off(demo_cluster: DemoCluster, images: Images) -> None:
    images.behaviours["app:1"] = CRASHES(3, ("boom",))

    start(demo_cluster)
    demo_cluster.wait_until(lambda: waits_for(demo_cluster, "CrashLoopBackOff"))

    container = the_container(demo_cluster)
    ended = container["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"], container["ready"]) == (3, "Error", False)
    assert container["restartCount"] >= 1


def test_a_crashing_container_counts_its_restarts(demo_cluster: DemoCluster, images: Images) -> None:
    images.behaviours["app:1"] = CRASHES(3)

    start(demo_cluster)
    demo_cluster.wait_until(lambda: the_container(demo_cluster)["restartCount"] >= 3)

    assert events(demo_cluster)["BackOff"].startswith("Back-off restarting failed container web in pod")


def test_a_container_out_of_memory_says_so(demo_cluster: DemoCluster, images: Images) -> None:
    images.behaviours["app:1"] = OOM

    start(demo_cluster)
    demo_cluster.wait_until(lambda: bool(the_container(demo_cluster)["lastState"]))

    ended = the_container(demo_cluster)["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (137, "OOMKilled")


def test_an_unready_container_runs_and_fails_its_probe(demo_cluster: DemoCluster, images: Images) -> None:
    images.behaviours["app:1"] = UNREADY

    start(demo_cluster)

    container = the_container(demo_cluster)
    assert ("running" in container["state"], container["ready"]) == (True, False)
    assert (
        events(demo_cluster)["Unhealthy"] == "Readiness probe failed: HTTP probe failed with statuscode: 503"
    )


def test_a_slow_container_becomes_ready_in_its_own_time(demo_cluster: DemoCluster, images: Images) -> None:
    images.behaviours["app:1"] = SLOW(60)
    demo_cluster.create_deployment("default", "cron", containers={"web": "app:1"})
    demo_cluster.wait_until(lambda: "Started" in events(demo_cluster))
    soon = the_container(demo_cluster)["ready"]

    demo_cluster.settle_now()

    assert (soon, the_container(demo_cluster)["ready"]) == (False, True)


def test_a_pod_without_room_stays_pending(demo_cluster: DemoCluster, images: Images) -> None:
    images.behaviours["app:1"] = UNSCHEDULABLE

    start(demo_cluster)

    status = the_pod(demo_cluster)["status"]
    assert (status["phase"], status["conditions"][0]["reason"]) == ("Pending", "Unschedulable")
    assert events(demo_cluster)["FailedScheduling"].startswith(
        "0/3 nodes are available: 3 Insufficient memory."
    )


def test_repeated_events_are_counted(demo_cluster: DemoCluster, images: Images) -> None:
    images.missing.add("app:1")
    start(demo_cluster)

    def pulls() -> list[dict[str, Any]]:
        return [one for one in demo_cluster.store.all_of("events") if one["reason"] == "Pulling"]

    demo_cluster.wait_until(lambda: pulls()[0]["count"] > 1)

    assert len(pulls()) == 1


def test_a_deleted_pod_is_replaced(demo_cluster: DemoCluster) -> None:
    start(demo_cluster)
    pod = the_pod(demo_cluster)["metadata"]["name"]

    with Client(demo_cluster) as client:
        client.ask("DELETE", f"{PODS}/{pod}")
    demo_cluster.settle_now()

    assert [one["metadata"]["name"] == pod for one in demo_cluster.pods("default", "cron")] == [False]
    assert the_container(demo_cluster)["ready"]
