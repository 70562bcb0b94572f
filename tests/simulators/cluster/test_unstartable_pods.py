"""Pods that do not get as far as running: denied images, missing configuration, failing init containers."""

from typing import Any

from simulators.cluster import CRASHES, HEALTHY, LACKS_CONFIG, NOT_ALIVE, PULL_DENIED, DemoCluster
from tests.simulators.cluster.conftest import Images

MIGRATE = "migrate:1"


def start(cluster: DemoCluster, **more: Any) -> None:
    cluster.create_deployment("default", "cron", containers={"web": "app:1"}, **more)


def the_pod(cluster: DemoCluster) -> dict[str, Any]:
    return cluster.pods("default", "cron")[0]


def container(cluster: DemoCluster, kind: str = "containerStatuses") -> dict[str, Any]:
    pods = cluster.pods("default", "cron")
    return next(iter(pods[0]["status"].get(kind, [])), {"state": {}}) if pods else {"state": {}}


def waits_for(cluster: DemoCluster, reason: str, kind: str = "containerStatuses") -> bool:
    return container(cluster, kind)["state"].get("waiting", {}).get("reason") == reason


def events(cluster: DemoCluster) -> list[str]:
    return [event["message"] for event in cluster.store.all_of("events", "default")]


def test_a_denied_pull_carries_the_registrys_words(demo_cluster: DemoCluster, images: Images) -> None:
    images.behaviours["app:1"] = PULL_DENIED
    messages: list[str] = []

    def is_denied() -> bool:
        waiting = container(demo_cluster)["state"].get("waiting", {})
        messages.append(waiting.get("message", ""))
        return bool(waiting.get("reason") == "ErrImagePull")

    start(demo_cluster)
    demo_cluster.wait_until(is_denied)

    message = messages[-1]
    assert message.startswith("rpc error: code = Unknown desc = failed to pull and unpack image")
    assert message.endswith("403 Forbidden")


def test_a_missing_config_map_keeps_the_container_from_being_made(
    demo_cluster: DemoCluster, images: Images
) -> None:
    images.behaviours["app:1"] = LACKS_CONFIG('configmap "cron" not found')
    start(demo_cluster)

    demo_cluster.wait_until(lambda: waits_for(demo_cluster, "CreateContainerConfigError"))

    assert container(demo_cluster)["state"]["waiting"]["message"] == 'configmap "cron" not found'
    assert (the_pod(demo_cluster)["status"]["phase"], container(demo_cluster)["restartCount"]) == (
        "Pending",
        0,
    )
    demo_cluster.wait_until(lambda: 'Error: configmap "cron" not found' in events(demo_cluster))


def test_a_container_starts_once_its_config_map_is_there(demo_cluster: DemoCluster, images: Images) -> None:
    images.behaviours["app:1"] = LACKS_CONFIG()
    start(demo_cluster)
    demo_cluster.wait_until(lambda: waits_for(demo_cluster, "CreateContainerConfigError"))

    images.behaviours["app:1"] = HEALTHY

    demo_cluster.wait_until(lambda: container(demo_cluster).get("ready") is True)


def test_init_containers_end_before_the_others_begin(demo_cluster: DemoCluster) -> None:
    start(demo_cluster, init_containers={"migrate": MIGRATE, "warm": "warm:1"})

    demo_cluster.settle_now()

    statuses = the_pod(demo_cluster)["status"]["initContainerStatuses"]
    assert [one["state"]["terminated"]["reason"] for one in statuses] == ["Completed", "Completed"]
    assert container(demo_cluster)["ready"] is True


def test_a_failing_init_container_holds_the_pod_back(demo_cluster: DemoCluster, images: Images) -> None:
    images.behaviours[MIGRATE] = CRASHES(1)
    start(demo_cluster, init_containers={"migrate": MIGRATE})

    demo_cluster.wait_until(lambda: waits_for(demo_cluster, "CrashLoopBackOff", "initContainerStatuses"))

    pod = the_pod(demo_cluster)
    assert waits_for(demo_cluster, "PodInitializing")
    assert pod["status"]["phase"] == "Pending"
    initialized = next(one for one in pod["status"]["conditions"] if one["type"] == "Initialized")
    assert (initialized["status"], initialized["reason"]) == ("False", "ContainersNotInitialized")


def test_a_failing_liveness_probe_is_reported_and_ends_the_container(
    demo_cluster: DemoCluster, images: Images
) -> None:
    images.behaviours["app:1"] = NOT_ALIVE
    start(demo_cluster)

    demo_cluster.wait_until(lambda: container(demo_cluster).get("restartCount", 0) > 0)

    assert "Liveness probe failed: HTTP probe failed with statuscode: 500" in events(demo_cluster)
    assert "Container web failed liveness probe, will be restarted" in events(demo_cluster)
