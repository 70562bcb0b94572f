"""The demo cluster's Deployment controller, compared with what Kubernetes' own does."""

from typing import Any

from simulators.cluster import CRASHES, SLOW, UNREADY, DemoCluster
from tests.simulators.cluster.conftest import Images
from tests.simulators.cluster.rollouts import REVISION, condition, replica_sets, roll, sizes


def test_a_new_deployment_comes_to_rest(three: DemoCluster) -> None:
    status = three.deployment("default", "cron")["status"]

    counted = {key: value for key, value in status.items() if key != "conditions"}
    ready = {"replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3}
    assert counted == {"observedGeneration": 1, **ready}
    assert condition(three, "Available") == ("True", "MinimumReplicasAvailable")
    assert condition(three, "Progressing") == ("True", "NewReplicaSetAvailable")


def test_a_settled_deployment_is_what_a_rollout_leads_to(three: DemoCluster) -> None:
    three.create_deployment("default", "twin", containers={"web": "app:1"}, replicas=3, settled=True)

    twin, cron = (three.deployment("default", name)["status"] for name in ("twin", "cron"))

    assert {key for key in twin if twin[key] != cron[key]} <= {"conditions"}
    assert condition(three, "Progressing", "twin") == condition(three, "Progressing")


def test_a_settled_deployment_stays_as_it_is_when_the_controllers_look(three: DemoCluster) -> None:
    before = three.create_deployment("default", "twin", containers={"web": "app:1"}, replicas=3, settled=True)

    three.machinery.deployments.queue.add(("default", "twin"))
    three.settle_now()

    assert three.deployment("default", "twin") == before


def test_a_rollout_makes_a_second_revision_and_empties_the_first(three: DemoCluster) -> None:
    roll(three, "app:2")
    three.settle_now()

    assert sizes(three) == {"app:1": 0, "app:2": 3}
    revisions = {
        image: one["metadata"]["annotations"][REVISION] for image, one in replica_sets(three).items()
    }
    assert revisions == {"app:1": "1", "app:2": "2"}
    assert three.deployment("default", "cron")["metadata"]["annotations"][REVISION] == "2"


def test_going_back_uses_the_replica_set_that_is_there(three: DemoCluster) -> None:
    name = replica_sets(three)["app:1"]["metadata"]["name"]
    for image in ("app:2", "app:1"):
        roll(three, image)
        three.settle_now()

    reused = replica_sets(three)["app:1"]

    assert reused["metadata"]["name"] == name
    assert reused["metadata"]["annotations"][REVISION] == "3"
    assert reused["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] == "1"


def test_a_rollout_never_leaves_fewer_pods_ready_than_it_may(three: DemoCluster) -> None:
    seen: list[tuple[int, int]] = []
    three.store.listeners.append(
        lambda change: seen.append(_counts(change.new)) if change.plural == "deployments" else None
    )

    roll(three, "app:2")
    three.settle_now()

    assert min(available for _, available in seen) == 3
    assert max(total for total, _ in seen) == 4


def _counts(deployment: dict[str, Any]) -> tuple[int, int]:
    status = deployment["status"]
    return status.get("replicas", 0), status.get("availableReplicas", 0)


def test_percentages_round_up_for_surge_and_down_for_unavailable(
    demo_cluster: DemoCluster, images: Images
) -> None:
    images.behaviours["app:2"] = UNREADY
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "30%", "maxUnavailable": "50%"}}
    containers = {"web": "app:1"}
    demo_cluster.create_deployment(
        "default", "cron", containers=containers, replicas=5, strategy=strategy, settled=True
    )

    roll(demo_cluster, "app:2")
    demo_cluster.settle_now()

    assert sizes(demo_cluster) == {"app:1": 3, "app:2": 4}


def test_a_recreate_stops_every_old_pod_before_the_first_new_one(demo_cluster: DemoCluster) -> None:
    strategy = {"type": "Recreate"}
    containers = {"web": "app:1"}
    demo_cluster.create_deployment(
        "default", "cron", containers=containers, replicas=2, strategy=strategy, settled=True
    )
    seen: list[set[str]] = []
    pods = demo_cluster.store.all_of

    def state(_: object) -> None:
        seen.append({pod["spec"]["containers"][0]["image"] for pod in pods("pods", "default")})

    demo_cluster.store.listeners.append(state)

    roll(demo_cluster, "app:2")
    demo_cluster.settle_now()

    assert {"app:1", "app:2"} not in seen
    assert seen[-1] == {"app:2"}


def test_a_crashing_image_leaves_the_old_pods_running(three: DemoCluster, images: Images) -> None:
    images.behaviours["app:2"] = CRASHES(1)

    roll(three, "app:2")
    three.settle_now()

    assert sizes(three) == {"app:1": 3, "app:2": 1}
    assert three.deployment("default", "cron")["status"]["availableReplicas"] == 3


def test_a_rollout_that_stalls_passes_its_deadline(demo_cluster: DemoCluster, images: Images) -> None:
    images.behaviours["app:2"] = UNREADY
    containers = {"web": "app:1"}
    demo_cluster.create_deployment(
        "default", "cron", containers=containers, progressDeadlineSeconds=1, settled=True
    )

    roll(demo_cluster, "app:2")
    demo_cluster.wait_until(lambda: condition(demo_cluster, "Progressing")[0] == "False")

    assert condition(demo_cluster, "Progressing") == ("False", "ProgressDeadlineExceeded")


def test_a_rollout_that_recovers_after_its_deadline_is_complete(
    demo_cluster: DemoCluster, images: Images
) -> None:
    images.behaviours["app:2"] = SLOW(60)
    containers = {"web": "app:1"}
    demo_cluster.create_deployment(
        "default", "cron", containers=containers, progressDeadlineSeconds=1, settled=True
    )
    roll(demo_cluster, "app:2")
    demo_cluster.wait_until(lambda: condition(demo_cluster, "Progressing")[0] == "False")

    demo_cluster.settle_now()

    assert condition(demo_cluster, "Progressing") == ("True", "NewReplicaSetAvailable")


def test_the_observed_generation_is_behind_until_the_controller_has_looked(three: DemoCluster) -> None:
    with three.store.lock:
        roll(three, "app:2")
        deployment = three.deployment("default", "cron")

    assert deployment["metadata"]["generation"] == 2
    assert deployment["status"]["observedGeneration"] == 1
