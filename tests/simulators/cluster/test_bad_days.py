"""What the demo cluster does on a real cluster's ordinary bad days, each declared by an image's behaviour or a Deployment's pods."""

from typing import Any

import pytest

from simulators.cluster import (
    ATTACHES_AFTER,
    GATE_CLOSED,
    MOUNTS_AFTER,
    NO_SANDBOX,
    PULLS_FOR,
    SLOW,
    STUCK,
    Behaviour,
    DemoCluster,
)
from tests.simulators.cluster.conftest import Images

GATE = "example.com/load-balancer"


def start(cluster: DemoCluster, **more: Any) -> None:
    containers = more.pop("containers", {"web": "app:1"})
    cluster.create_deployment("default", "cron", containers=containers, **more)


def the_pod(cluster: DemoCluster) -> dict[str, Any]:
    return (cluster.pods("default", "cron") or [{"status": {}}])[-1]


def is_ready(cluster: DemoCluster) -> bool:
    return condition(cluster, "Ready").get("status") == "True"


def condition(cluster: DemoCluster, kind: str) -> dict[str, Any]:
    listed = the_pod(cluster)["status"].get("conditions", ())
    return next((each for each in listed if each["type"] == kind), {})


def waiting(cluster: DemoCluster) -> dict[str, str]:
    statuses = the_pod(cluster)["status"].get("containerStatuses", ())
    return next((each["state"].get("waiting", {}) for each in statuses), {})


def events(cluster: DemoCluster) -> list[dict[str, Any]]:
    return list(cluster.store.all_of("events", "default"))


def reasons(cluster: DemoCluster) -> list[str]:
    return [each["reason"] for each in events(cluster)]


def test_an_evicted_pod_is_left_behind_and_another_one_is_made(three: DemoCluster) -> None:
    first, *_ = three.pods("default", "cron")

    three.evict(first)
    three.settle_now()

    by_phase = sorted(pod["status"]["phase"] for pod in three.pods("default", "cron"))
    assert by_phase == ["Failed", "Running", "Running", "Running"]
    assert three.deployment("default", "cron")["status"]["readyReplicas"] == 3


@pytest.mark.parametrize("behaviour", [ATTACHES_AFTER(0.1), MOUNTS_AFTER(0.1), NO_SANDBOX(0.1)])
def test_what_keeps_a_pod_from_starting_passes(
    demo_cluster: DemoCluster, images: Images, behaviour: Behaviour
) -> None:
    images.behaviours["app:1"] = behaviour
    start(demo_cluster)

    demo_cluster.wait_until(lambda: is_ready(demo_cluster))

    seen = reasons(demo_cluster)
    assert behaviour.obstacle
    assert seen.index(behaviour.obstacle.reason) < seen.index("Pulling") < seen.index("Pulled")


def test_an_event_that_comes_again_is_counted_and_keeps_its_first_time(
    demo_cluster: DemoCluster, images: Images
) -> None:
    images.behaviours["app:1"] = NO_SANDBOX()
    start(demo_cluster)

    def warning() -> dict[str, Any]:
        return next((each for each in events(demo_cluster) if each["reason"] == "FailedCreatePodSandBox"), {})

    demo_cluster.wait_until(lambda: warning().get("count", 0) > 1)

    assert warning()["firstTimestamp"] < warning()["lastTimestamp"]
    assert waiting(demo_cluster) == {"reason": "ContainerCreating"}


def test_a_slow_pull_is_under_way(demo_cluster: DemoCluster, images: Images) -> None:
    images.behaviours["app:1"] = PULLS_FOR(600)
    start(demo_cluster)

    demo_cluster.wait_until(lambda: "Pulling" in reasons(demo_cluster))
    demo_cluster.settle_now()

    assert "Pulled" not in reasons(demo_cluster)


def test_an_image_that_may_not_be_pulled_is_not_there(demo_cluster: DemoCluster) -> None:
    start(demo_cluster, containers={"web": {"image": "app:1", "imagePullPolicy": "Never"}})

    demo_cluster.wait_until(lambda: waiting(demo_cluster).get("reason") == "ErrImageNeverPull")

    assert "is not present with pull policy of Never" in waiting(demo_cluster)["message"]


def test_a_container_waits_for_the_reason_that_is_declared(demo_cluster: DemoCluster, images: Images) -> None:
    images.behaviours["app:1"] = STUCK("ImageInspectError", "layer not known")
    start(demo_cluster)

    demo_cluster.wait_until(lambda: waiting(demo_cluster).get("reason") == "ImageInspectError")

    assert waiting(demo_cluster)["message"] == "layer not known"


def test_a_startup_probe_passes_and_the_container_is_ready(demo_cluster: DemoCluster, images: Images) -> None:
    images.behaviours["app:1"] = SLOW(0.1)
    start(demo_cluster, containers={"web": {"image": "app:1", "startupProbe": {"periodSeconds": 10}}})

    demo_cluster.wait_until(lambda: is_ready(demo_cluster))

    warning = next(each for each in events(demo_cluster) if each["reason"] == "Unhealthy")
    assert warning["message"].startswith("Startup probe failed: ")
    assert warning["involvedObject"]["fieldPath"] == "spec.containers{web}"


def test_a_startup_probe_that_fails_too_often_ends_the_container(
    demo_cluster: DemoCluster, images: Images
) -> None:
    images.behaviours["app:1"] = SLOW(600)
    probe = {"periodSeconds": 1, "failureThreshold": 1}
    start(demo_cluster, containers={"web": {"image": "app:1", "startupProbe": probe}})

    demo_cluster.wait_until(
        lambda: any(
            each.get("restartCount") for each in the_pod(demo_cluster)["status"].get("containerStatuses", ())
        )
    )

    messages = [each["message"] for each in events(demo_cluster)]
    assert "Container web failed startup probe, will be restarted" in messages


def test_a_native_sidecar_runs_on_beside_the_app(demo_cluster: DemoCluster) -> None:
    start(demo_cluster, init_containers={"mesh": {"image": "proxy:1", "restartPolicy": "Always"}})

    demo_cluster.wait_until(lambda: is_ready(demo_cluster))

    (sidecar,) = the_pod(demo_cluster)["status"]["initContainerStatuses"]
    assert (sidecar["ready"], "running" in sidecar["state"]) == (True, True)


def test_a_sidecar_that_is_not_ready_keeps_its_pod_from_being_ready(
    demo_cluster: DemoCluster, images: Images
) -> None:
    images.behaviours["proxy:1"] = Behaviour(ready=False)
    start(demo_cluster, init_containers={"mesh": {"image": "proxy:1", "restartPolicy": "Always"}})

    demo_cluster.wait_until(
        lambda: condition(demo_cluster, "Ready").get("message") == "containers with unready status: [mesh]"
    )

    assert condition(demo_cluster, "Initialized")["status"] == "True"


def test_a_readiness_gate_opens_after_the_containers_are_ready(demo_cluster: DemoCluster) -> None:
    start(demo_cluster, pod={"readinessGates": [{"conditionType": GATE}]})

    demo_cluster.wait_until(lambda: is_ready(demo_cluster))

    assert condition(demo_cluster, GATE)["status"] == "True"


def test_a_readiness_gate_stays_closed(demo_cluster: DemoCluster, images: Images) -> None:
    images.behaviours["app:1"] = GATE_CLOSED("Health checks failed")
    start(demo_cluster, pod={"readinessGates": [{"conditionType": GATE}]})

    demo_cluster.wait_until(lambda: condition(demo_cluster, GATE).get("status") == "False")

    assert condition(demo_cluster, "ContainersReady")["status"] == "True"
    assert condition(demo_cluster, "Ready")["reason"] == "ReadinessGatesNotReady"


def test_an_annotation_is_a_new_generation(three: DemoCluster) -> None:
    before = three.deployment("default", "cron")["metadata"]["generation"]

    three.annotate("default", "cron", team="shop")

    assert three.deployment("default", "cron")["metadata"]["generation"] == before + 1
