"""A pod's line on its site's page says what `kubectl get pods` says."""

from typing import Any

from deployments.clients.cluster import parse
from deployments.rules.pod_list import listed_pods


def status(name: str, *, ready: bool) -> dict[str, Any]:
    return {"name": name, "ready": ready, "started": True, "state": {"running": {}}}


def test_a_native_sidecar_counts_among_the_containers_that_are_to_be_ready() -> None:
    workload = parse.daemon_set({"metadata": {"name": "shop", "uid": "u"}})
    owner = {"kind": "DaemonSet", "name": "shop", "uid": "u", "controller": True}
    pod = parse.pod(
        {
            "metadata": {"name": "shop-x", "ownerReferences": [owner]},
            "spec": {
                "initContainers": [
                    {"name": "migrate", "image": "shop:1"},
                    {"name": "mesh", "image": "proxy:1", "restartPolicy": "Always"},
                ],
                "containers": [{"name": "web", "image": "shop:1"}],
            },
            "status": {
                "phase": "Running",
                "initContainerStatuses": [status("mesh", ready=False)],
                "containerStatuses": [status("web", ready=True)],
            },
        }
    )

    (listed,) = listed_pods(workload, [pod])

    assert (listed.ready, listed.containers) == (1, 2)
