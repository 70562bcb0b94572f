"""What happens to the demo's cluster on its bad days, in a time that a test moves on: an hour costs nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulators.cluster import (
    CRASHES,
    GATE_CLOSED,
    LACKS_CONFIG,
    PULL_DENIED,
    SLOW,
    UNREADY,
    UNSCHEDULABLE,
    Behaviour,
    DemoCluster,
    Mutation,
    Reverter,
)
from simulators.cluster.disturbances import (
    Annotated,
    ApiFailure,
    BusyController,
    Disturbance,
    Eviction,
    FullQuota,
    GitOps,
    ImageSet,
    NodeEnd,
    Scaled,
    WebhookChange,
)
from simulators.cluster.pods import is_active, is_ready
from simulators.cluster.simulated_time import SimulatedTime, now
from tests.simulators.cluster.cluster_client import Client
from tests.simulators.cluster.conftest import Images

START = datetime(2026, 11, 1, tzinfo=UTC)
GATE = "example.com/load-balancer"
WHERE = {"namespace": "default", "name": "cron"}


@pytest.fixture
def cluster(images: Images) -> Iterator[DemoCluster]:
    """Two ready pods, ten minutes after the beginning."""
    with (
        SimulatedTime(START),
        DemoCluster(image_exists=images.exists, behaviour=images.behaviour, start_seconds=4) as cluster,
    ):
        gates = {"readinessGates": [{"conditionType": GATE}]}
        cluster.create_deployment("default", "cron", containers={"web": "app:1"}, replicas=2, pod=gates)
        cluster.pass_time(600)
        yield cluster


def active(cluster: DemoCluster) -> list[dict[str, Any]]:
    return [pod for pod in cluster.pods("default", "cron") if is_active(pod)]


def ready_on(cluster: DemoCluster, image: str) -> int:
    return sum(is_ready(pod) and pod["spec"]["containers"][0]["image"] == image for pod in active(cluster))


def roll(cluster: DemoCluster, image: str = "app:2") -> None:
    cluster.set_image("default", "cron", container="web", image=image)


def template_image(cluster: DemoCluster) -> str:
    return str(cluster.deployment("default", "cron")["spec"]["template"]["spec"]["containers"][0]["image"])


def test_nothing_moves_until_the_time_does(cluster: DemoCluster) -> None:
    roll(cluster)

    before = ready_on(cluster, "app:2")
    cluster.pass_time(60)

    assert (before, ready_on(cluster, "app:2")) == (0, 2)
    assert now() - START == timedelta(seconds=660)


def test_the_machines_own_time_cannot_be_moved(demo_cluster: DemoCluster) -> None:
    with pytest.raises(RuntimeError, match="simulated"):
        demo_cluster.pass_time(1)


@pytest.mark.parametrize(
    "problem",
    [CRASHES(), LACKS_CONFIG(), PULL_DENIED, UNREADY, UNSCHEDULABLE, GATE_CLOSED()],
    ids=["crashes", "no ConfigMap", "pull denied", "unready", "no node", "gate closed"],
)
def test_a_problem_that_lasts_for_a_minute_is_over_in_three(
    cluster: DemoCluster, images: Images, problem: Behaviour
) -> None:
    images.behaviours["app:2"] = problem.for_seconds(60)
    roll(cluster)

    cluster.pass_time(55)
    before = ready_on(cluster, "app:2")
    cluster.pass_time(125)

    assert (before, ready_on(cluster, "app:2")) == (0, 2)


def test_an_eviction_leaves_its_pod_behind_and_another_is_made(cluster: DemoCluster) -> None:
    cluster.disturb(Eviction(after_seconds=5, **WHERE))

    cluster.pass_time(4)
    before = len(cluster.pods("default", "cron"))
    cluster.pass_time(60)

    phases = sorted(pod["status"]["phase"] for pod in cluster.pods("default", "cron"))
    assert (before, phases) == (2, ["Failed", "Running", "Running"])


@pytest.mark.parametrize("is_drained", [False, True])
def test_a_node_that_ends_takes_its_pods_and_no_others(cluster: DemoCluster, is_drained: bool) -> None:
    node = active(cluster)[0]["spec"]["nodeName"]
    gone = {pod["metadata"]["uid"] for pod in active(cluster) if pod["spec"]["nodeName"] == node}
    there = {pod["metadata"]["uid"] for pod in active(cluster)}

    cluster.disturb(NodeEnd(node=node, is_drained=is_drained))
    cluster.pass_time(60)

    left = {pod["metadata"]["uid"] for pod in active(cluster)}
    behind = [pod["status"].get("reason") for pod in cluster.pods("default", "cron") if not is_active(pod)]
    assert there - left == gone
    assert behind == ([] if is_drained else ["Terminated"] * len(gone))
    assert ready_on(cluster, "app:1") == 2


def test_a_full_quota_keeps_new_pods_out_for_its_time(cluster: DemoCluster) -> None:
    cluster.disturb(FullQuota(namespace="default", seconds=120))
    cluster.pass_time(1)
    roll(cluster)

    cluster.pass_time(100)
    before = ready_on(cluster, "app:2")
    cluster.pass_time(60)

    assert (before, ready_on(cluster, "app:2")) == (0, 2)


def test_a_busy_controller_begins_late(cluster: DemoCluster) -> None:
    cluster.disturb(BusyController(lag_seconds=100), BusyController(after_seconds=300, lag_seconds=0))
    cluster.pass_time(1)
    roll(cluster)

    cluster.pass_time(90)
    before = {pod["spec"]["containers"][0]["image"] for pod in active(cluster)}
    cluster.pass_time(600)

    assert (before, ready_on(cluster, "app:2")) == ({"app:1"}, 2)


def test_a_gitops_controller_puts_its_image_back_for_as_long_as_it_is_there(cluster: DemoCluster) -> None:
    reverter = Reverter(manager="argocd", container="web", image="app:1", after_seconds=10, **WHERE)
    cluster.disturb(GitOps(reverter=reverter, seconds=100))
    cluster.pass_time(1)
    roll(cluster)
    cluster.pass_time(60)
    put_back = template_image(cluster)
    cluster.pass_time(60)

    roll(cluster)
    cluster.pass_time(60)

    assert (put_back, template_image(cluster)) == ("app:1", "app:2")


CHANGES: dict[str, tuple[Disturbance, str]] = {
    "a webhook": (WebhookChange(mutations=(Mutation(registries={"app": "mirror/app"}),)), "mirror/app:1"),
    "someone's image": (ImageSet(container="web", image="app:9", **WHERE), "app:9"),
}


@pytest.mark.parametrize(("disturbance", "image"), CHANGES.values(), ids=CHANGES)
def test_others_change_the_image(cluster: DemoCluster, disturbance: Disturbance, image: str) -> None:
    cluster.disturb(disturbance, Annotated(after_seconds=2, annotation="x", **WHERE))
    cluster.disturb(Scaled(after_seconds=3, replicas=3, **WHERE))

    cluster.pass_time(120)

    deployment = cluster.deployment("default", "cron")
    assert (template_image(cluster), deployment["metadata"]["annotations"]["seen"]) == (image, "x")
    assert ready_on(cluster, image) == 3


@pytest.mark.parametrize(("takes_effect", "image"), [(False, "app:1"), (True, "app:2")])
def test_a_connection_is_dropped_before_or_after_its_request_took_effect(
    cluster: DemoCluster, takes_effect: bool, image: str
) -> None:
    cluster.disturb(ApiFailure(method="PATCH", takes_effect=takes_effect))
    cluster.pass_time(1)
    body = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "app:2"}]}}}}

    with Client(cluster) as client, pytest.raises(ConnectionError):
        client.patch("cron", body)

    assert template_image(cluster) == image


def test_events_are_forgotten_an_hour_after_they_were_last_seen(cluster: DemoCluster, images: Images) -> None:
    first = {each["metadata"]["name"] for each in cluster.store.all_of("events")}
    cluster.pass_time(3700)
    images.behaviours["app:2"] = SLOW(1)
    roll(cluster)
    cluster.pass_time(60)

    kept = {each["metadata"]["name"] for each in cluster.store.all_of("events")}

    assert first
    assert kept
    assert not first & kept
