"""What tests ask of the demo cluster's rollouts."""

from typing import Any

from simulators.cluster import DemoCluster

REVISION = "deployment.kubernetes.io/revision"


def condition(cluster: DemoCluster, kind: str, name: str = "cron") -> tuple[str, str]:
    listed = cluster.deployment("default", name)["status"].get("conditions", [])
    return next(((one["status"], one["reason"]) for one in listed if one["type"] == kind), ("", ""))


def replica_sets(cluster: DemoCluster) -> dict[str, dict[str, Any]]:
    """By image of their first container."""
    found = cluster.store.all_of("replicasets", "default")
    return {one["spec"]["template"]["spec"]["containers"][0]["image"]: one for one in found}


def sizes(cluster: DemoCluster) -> dict[str, int]:
    return {image: one["spec"]["replicas"] for image, one in replica_sets(cluster).items()}


def roll(cluster: DemoCluster, image: str) -> None:
    cluster.set_image("default", "cron", container="web", image=image)
