"""What a cluster's owner lets happen to objects: webhooks that rewrite images, and controllers that put theirs back."""

import pytest

from simulators.cluster import DemoCluster, Mutation, Reverter
from tests.simulators.cluster.cluster_client import Client, set_image

DIGEST = "sha256:" + "d" * 64
MIRRORED = "mirror.local/gcr.io/p/app:2"


@pytest.fixture
def cluster() -> DemoCluster:
    return DemoCluster(image_id=lambda image: f"{image.rpartition(':')[0]}@{DIGEST}", start_seconds=0.05)


def template_image(thing: dict) -> str:
    return thing["spec"]["template"]["spec"]["containers"][0]["image"]


def pod_images(cluster: DemoCluster) -> set[str]:
    return {pod["spec"]["containers"][0]["image"] for pod in cluster.pods("default", "cron")}


@pytest.mark.parametrize(
    ("mutation", "expected"),
    [
        (Mutation(pins=True), f"gcr.io/p/app:2@{DIGEST}"),
        (Mutation(pins=True, drops_tag=True), f"gcr.io/p/app@{DIGEST}"),
        (Mutation(registries={"gcr.io/": "mirror.local/gcr.io/"}), MIRRORED),
        (Mutation(registries={"quay.io/": "mirror.local/quay.io/"}), "gcr.io/p/app:2"),
    ],
    ids=["pinned", "pinned without its tag", "mirrored", "another registry's mirror"],
)
def test_a_patch_is_answered_with_the_image_that_a_webhook_makes_of_it(
    cluster: DemoCluster, mutation: Mutation, expected: str
) -> None:
    with cluster, Client(cluster) as client:
        cluster.create_deployment("default", "cron", containers={"web": "gcr.io/p/app:1"})
        cluster.mutations.append(mutation)

        status, answer = client.patch("cron", set_image("web", "gcr.io/p/app:2"), fieldManager="headway")
        cluster.settle_now()

    fields = {each["manager"] for each in answer["metadata"]["managedFields"]}
    assert (status, template_image(answer), answer["metadata"]["generation"]) == (200, expected, 2)
    assert "headway" in fields
    assert pod_images(cluster) == {expected}


def test_a_webhook_on_pods_leaves_the_template_as_it_is(cluster: DemoCluster) -> None:
    with cluster:
        cluster.mutations.append(Mutation(kinds=("pods",), registries={"gcr.io/": "mirror.local/gcr.io/"}))
        cluster.create_deployment("default", "cron", containers={"web": "gcr.io/p/app:2"})
        cluster.settle_now()

    pod = cluster.pods("default", "cron")[0]
    assert template_image(cluster.deployment("default", "cron")) == "gcr.io/p/app:2"
    assert pod["spec"]["containers"][0]["image"] == MIRRORED
    assert pod["status"]["containerStatuses"][0]["imageID"] == f"mirror.local/gcr.io/p/app@{DIGEST}"


def test_a_reverter_puts_its_own_image_back_and_is_recorded_as_its_writer(cluster: DemoCluster) -> None:
    reverter = Reverter(
        manager="argocd-controller", namespace="default", name="cron", container="web", image="app:1"
    )
    with cluster:
        cluster.create_deployment("default", "cron", containers={"web": "app:1"})
        cluster.reverters.append(reverter)

        cluster.set_image("default", "cron", container="web", image="app:2")
        cluster.wait_until(lambda: template_image(cluster.deployment("default", "cron")) == "app:1")

    managers = {
        each["manager"] for each in cluster.deployment("default", "cron")["metadata"]["managedFields"]
    }
    assert "argocd-controller" in managers


def test_a_blank_image_is_taken_in_a_template_and_refused_in_a_pod(cluster: DemoCluster) -> None:
    with cluster:
        cluster.create_deployment("default", "cron", containers={"web": " "})
        cluster.settle_now()

    conditions = cluster.deployment("default", "cron")["status"]["conditions"]
    failure = next(each for each in conditions if each["type"] == "ReplicaFailure")
    assert "must not have leading or trailing whitespace" in failure["message"]
    assert cluster.pods("default", "cron") == []
