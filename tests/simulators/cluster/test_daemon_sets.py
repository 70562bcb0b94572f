"""DaemonSets on the demo cluster: one pod a node, replaced node by node."""

from typing import Any

from simulators.cluster import CRASHES, DemoCluster
from simulators.cluster.pods import NODES
from tests.simulators.cluster.conftest import Images

NUMBER = "pod-template-generation"


def change_pods(cluster: DemoCluster, **changes: Any) -> None:
    def change(thing: dict[str, Any]) -> None:
        spec = thing["spec"]["template"]["spec"]
        spec["containers"][0]["image"] = changes.get("image", spec["containers"][0]["image"])
        spec |= {key: value for key, value in changes.items() if key != "image"}

    cluster.change("DaemonSet", "default", "agent", change)


def pods(cluster: DemoCluster) -> list[dict[str, Any]]:
    return cluster.pods_of("DaemonSet", "default", "agent")


def status(cluster: DemoCluster) -> dict[str, Any]:
    found: dict[str, Any] = cluster.workload("DaemonSet", "default", "agent")["status"]
    return found


def images_of(cluster: DemoCluster) -> list[str]:
    return sorted(pod["spec"]["containers"][0]["image"] for pod in pods(cluster))


def test_every_node_runs_one_pod(kinds: DemoCluster) -> None:
    assert sorted(pod["spec"]["nodeName"] for pod in pods(kinds)) == list(NODES)
    assert status(kinds)["desiredNumberScheduled"] == status(kinds)["numberAvailable"] == 3


def test_an_update_reaches_every_node_and_raises_the_templates_number(kinds: DemoCluster) -> None:
    change_pods(kinds, image="app:2")
    kinds.settle_now()

    assert images_of(kinds) == ["app:2"] * 3
    assert {pod["metadata"]["labels"][NUMBER] for pod in pods(kinds)} == {"2"}
    assert status(kinds)["updatedNumberScheduled"] == 3


def test_no_second_node_goes_while_the_first_new_pod_is_not_available(
    kinds: DemoCluster, images: Images
) -> None:
    images.behaviours["app:2"] = CRASHES()

    change_pods(kinds, image="app:2")
    kinds.settle_now()

    now = status(kinds)
    assert images_of(kinds) == ["app:1", "app:1", "app:2"]
    assert (now["updatedNumberScheduled"], now["numberAvailable"], now["numberUnavailable"]) == (1, 2, 1)


def test_pods_of_a_template_that_is_gone_back_to_are_kept(kinds: DemoCluster, images: Images) -> None:
    images.behaviours["app:2"] = CRASHES()
    change_pods(kinds, image="app:2")
    kinds.settle_now()
    kept = {pod["metadata"]["uid"] for pod in pods(kinds) if pod["status"]["phase"] == "Running"}

    change_pods(kinds, image="app:1")
    kinds.settle_now()

    numbers = {pod["metadata"]["uid"]: pod["metadata"]["labels"][NUMBER] for pod in pods(kinds)}
    assert sorted(numbers.values()) == ["1", "1", "3"]
    assert {uid for uid, number in numbers.items() if number == "1"} <= kept
    assert status(kinds)["updatedNumberScheduled"] == 3


def test_with_on_delete_nothing_is_replaced(kinds: DemoCluster) -> None:
    def change(thing: dict[str, Any]) -> None:
        thing["spec"]["updateStrategy"] = {"type": "OnDelete"}

    kinds.change("DaemonSet", "default", "agent", change)

    change_pods(kinds, image="app:2")
    kinds.settle_now()

    assert images_of(kinds) == ["app:1"] * 3
    assert "updatedNumberScheduled" not in status(kinds)


def test_where_no_node_is_selected_there_is_no_pod(kinds: DemoCluster) -> None:
    change_pods(kinds, nodeSelector={"gpu": "yes"})
    kinds.settle_now()

    assert pods(kinds) == []
    assert status(kinds)["desiredNumberScheduled"] == 0
