"""Own sites in a cluster whose nodes cannot pull from this machine's registry: pods that no scheduler takes, and what a kubelet would say of them.

All else is the cluster's own work: ReplicaSets, rollouts, rights.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread

from demo.world import World
from simulators.cluster.kinds import Json
from simulators.cluster.pods import is_ready
from tests.release.place import Place

SCHEDULER = "headway-test"
EVERY_SECONDS = 0.3


def workloads(images: Mapping[str, str]) -> str:
    """Manifests of a Deployment for each name, that runs its image."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "List",
            "items": [_deployment(name, image) for name, image in images.items()],
        }
    )


def _deployment(name: str, image: str) -> Json:
    pod = {"schedulerName": SCHEDULER, "containers": [{"name": name, "image": image}]}
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template},
    }


@contextmanager
def kubelet(place: Place, namespace: str, world: World) -> Iterator[None]:
    """Say of each pod of the namespace that it runs, until the end."""
    over = Event()

    def work() -> None:
        while not over.wait(EVERY_SECONDS):
            for pod in place.read("pods", namespace):
                if not is_ready(pod):
                    _start(place, pod, world)

    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _start(place: Place, pod: Json, world: World) -> None:
    """A pod that is gone meanwhile needs no status."""
    metadata = pod["metadata"]
    change = json.dumps({"status": _running(pod["spec"]["containers"], world)})
    where = (f"--namespace={metadata['namespace']}", "pod", metadata["name"])
    place.ask("patch", *where, "--subresource=status", "--type=merge", f"--patch={change}")


def _running(containers: list[Json], world: World) -> Json:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    conditions = [
        {"type": name, "status": "True", "lastTransitionTime": now}
        for name in ("PodScheduled", "Initialized", "ContainersReady", "Ready")
    ]
    statuses = [
        {
            "name": each["name"],
            "image": each["image"],
            "imageID": world.registry.image_id(each["image"]),
            "state": {"running": {"startedAt": now}},
            "ready": True,
            "started": True,
            "restartCount": 0,
        }
        for each in containers
    ]
    return {"phase": "Running", "startTime": now, "conditions": conditions, "containerStatuses": statuses}
