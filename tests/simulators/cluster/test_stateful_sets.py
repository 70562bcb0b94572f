"""StatefulSets on the demo cluster: numbered pods, replaced from the highest, down to the partition."""

from typing import Any

import pytest

from simulators.cluster import CRASHES, HEALTHY, DemoCluster
from tests.simulators.cluster.conftest import Images

REVISION = "controller-revision-hash"


def set_image(cluster: DemoCluster, image: str, *, name: str = "db") -> None:
    def change(thing: dict[str, Any]) -> None:
        thing["spec"]["template"]["spec"]["containers"][0]["image"] = image

    cluster.change("StatefulSet", "default", name, change)


def set_strategy(cluster: DemoCluster, kind: str, **rolling: int) -> None:
    def change(thing: dict[str, Any]) -> None:
        thing["spec"]["updateStrategy"] = {"type": kind} | ({"rollingUpdate": rolling} if rolling else {})

    cluster.change("StatefulSet", "default", "db", change)


def images_of(cluster: DemoCluster) -> dict[str, str]:
    pods = cluster.pods_of("StatefulSet", "default", "db")
    return {pod["metadata"]["name"]: pod["spec"]["containers"][0]["image"] for pod in pods}


def status(cluster: DemoCluster) -> dict[str, Any]:
    found: dict[str, Any] = cluster.workload("StatefulSet", "default", "db")["status"]
    return found


def events(cluster: DemoCluster) -> list[str]:
    listed = cluster.store.all_of("events", "default")
    return [one["message"] for one in listed if one["involvedObject"]["kind"] == "StatefulSet"]


def test_pods_are_made_in_order_and_carry_their_number(kinds: DemoCluster) -> None:
    pods = kinds.pods_of("StatefulSet", "default", "db")

    assert events(kinds) == [f"create Pod db-{number} in StatefulSet db successful" for number in range(3)]
    assert [pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"] for pod in pods] == ["0", "1", "2"]


def test_an_update_ends_with_every_pod_new_and_the_revisions_one(kinds: DemoCluster) -> None:
    before = status(kinds)["currentRevision"]

    set_image(kinds, "app:2")
    kinds.settle_now()

    after = status(kinds)
    assert set(images_of(kinds).values()) == {"app:2"}
    assert after["currentRevision"] == after["updateRevision"] != before
    assert (after["replicas"], after["readyReplicas"], after["updatedReplicas"]) == (3, 3, 3)


def test_the_highest_number_is_replaced_first_and_one_at_a_time(kinds: DemoCluster) -> None:
    set_image(kinds, "app:2")
    kinds.settle_now()

    deleted = [each.split()[2] for each in events(kinds) if each.startswith("delete")]
    assert deleted == ["db-2", "db-1", "db-0"]


def test_a_pod_that_does_not_get_ready_stops_the_update_and_the_way_back(
    kinds: DemoCluster, images: Images
) -> None:
    images.behaviours["app:2"] = CRASHES()
    set_image(kinds, "app:2")
    kinds.settle_now()

    set_image(kinds, "app:1")
    kinds.settle_now()

    assert images_of(kinds) == {"db-0": "app:1", "db-1": "app:1", "db-2": "app:2"}
    assert status(kinds)["readyReplicas"] == 2


def test_pods_below_the_partition_keep_their_template(kinds: DemoCluster) -> None:
    set_strategy(kinds, "RollingUpdate", partition=2)

    set_image(kinds, "app:2")
    kinds.settle_now()

    now = status(kinds)
    assert images_of(kinds) == {"db-0": "app:1", "db-1": "app:1", "db-2": "app:2"}
    assert (now["updatedReplicas"], now["currentReplicas"]) == (1, 2)
    assert now["currentRevision"] != now["updateRevision"]


def test_with_on_delete_a_pod_is_new_only_once_someone_has_deleted_it(kinds: DemoCluster) -> None:
    set_strategy(kinds, "OnDelete")
    set_image(kinds, "app:2")
    kinds.settle_now()
    untouched = set(images_of(kinds).values())

    kinds.machinery.terminate(kinds.pods_of("StatefulSet", "default", "db")[1])
    kinds.settle_now()

    assert untouched == {"app:1"}
    assert images_of(kinds) == {"db-0": "app:1", "db-1": "app:2", "db-2": "app:1"}


def test_going_back_takes_the_earlier_revision_up_again(kinds: DemoCluster) -> None:
    before = status(kinds)["updateRevision"]
    set_image(kinds, "app:2")
    kinds.settle_now()

    set_image(kinds, "app:1")
    kinds.settle_now()

    revisions = kinds.store.all_of("controllerrevisions", "default")
    numbers = {one["metadata"]["name"]: one["revision"] for one in revisions}
    assert status(kinds)["updateRevision"] == before
    assert numbers[before] == 3


@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
def test_only_parallel_pods_come_without_the_one_before_being_ready(
    demo_cluster: DemoCluster, images: Images, policy: str
) -> None:
    images.behaviours = {"app:1": CRASHES(), "envoy:1": HEALTHY}
    manifest = f"""
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db}}
spec:
  replicas: 3
  podManagementPolicy: {policy}
  selector: {{matchLabels: {{app: db}}}}
  template:
    metadata: {{labels: {{app: db}}}}
    spec: {{containers: [{{name: web, image: "app:1"}}]}}
"""

    demo_cluster.apply(manifest)
    demo_cluster.settle_now()

    assert len(images_of(demo_cluster)) == (3 if policy == "Parallel" else 1)
