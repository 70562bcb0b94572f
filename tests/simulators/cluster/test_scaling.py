"""How many pods the demo cluster keeps, and how long it remembers: scaling, quota, history, deletion."""

from simulators.cluster import DemoCluster
from tests.simulators.cluster.rollouts import condition, roll, sizes


def test_a_paused_deployment_does_not_roll(three: DemoCluster) -> None:
    three.create_deployment("default", "still", containers={"web": "app:1"}, paused=True)
    three.settle_now()

    assert three.pods("default", "still") == []
    assert condition(three, "Progressing", "still") == ("Unknown", "DeploymentPaused")


def test_scaling_rolls_nothing(three: DemoCluster) -> None:
    three.scale("default", "cron", 5)
    three.settle_now()

    assert sizes(three) == {"app:1": 5}
    assert len(three.pods("default", "cron")) == 5


def test_scaling_to_nothing_leaves_no_pod(three: DemoCluster) -> None:
    three.scale("default", "cron", 0)
    three.settle_now()

    assert three.pods("default", "cron") == []
    assert "readyReplicas" not in three.deployment("default", "cron")["status"]


def test_a_quota_keeps_pods_from_being_created(three: DemoCluster) -> None:
    three.set_pod_quota("default", 3)
    roll(three, "app:2")
    three.settle_now()

    listed = three.deployment("default", "cron")["status"]["conditions"]
    failure = next(one for one in listed if one["type"] == "ReplicaFailure")

    assert failure["reason"] == "FailedCreate"
    assert failure["message"].endswith(
        "exceeded quota: pods, requested: pods=1, used: pods=3, limited: pods=3"
    )


def test_a_raised_quota_lets_the_rollout_continue(three: DemoCluster) -> None:
    three.set_pod_quota("default", 3)
    roll(three, "app:2")
    three.settle_now()

    three.set_pod_quota("default", None)
    three.settle_now()

    assert sizes(three) == {"app:1": 0, "app:2": 3}
    assert condition(three, "ReplicaFailure") == ("", "")


def test_the_history_is_as_long_as_its_limit(demo_cluster: DemoCluster) -> None:
    demo_cluster.create_deployment("default", "cron", containers={"web": "app:1"}, revisionHistoryLimit=1)
    for number in range(1, 5):
        roll(demo_cluster, f"app:{number}")
        demo_cluster.settle_now()

    assert sizes(demo_cluster) == {"app:3": 0, "app:4": 1}


def test_a_deleted_deployment_takes_its_pods_along(three: DemoCluster) -> None:
    three.delete_deployment("default", "cron")
    three.settle_now()

    assert three.store.all_of("replicasets") == []
    assert three.store.all_of("pods") == []


def test_pods_count_as_available_only_after_their_minimum_of_ready_seconds(demo_cluster: DemoCluster) -> None:
    demo_cluster.create_deployment("default", "cron", containers={"web": "app:1"}, minReadySeconds=3)
    demo_cluster.settle_now()
    soon = demo_cluster.deployment("default", "cron")["status"]

    demo_cluster.wait_until(lambda: condition(demo_cluster, "Progressing")[1] == "NewReplicaSetAvailable")

    assert (soon["readyReplicas"], soon.get("availableReplicas")) == (1, None)
