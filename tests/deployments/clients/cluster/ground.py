"""A namespace on some cluster to use: the demo's, or a real one's. Tests do not know which."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from deployments.clients.cluster import Cluster, Conflict, Pods
from deployments.rules.rollouts import Phase, Rollout, judge_rollout
from deployments.rules.workloads import Workload, is_settled

WEB = "web"
FIRST = "registry.k8s.io/pause:3.9"
SECOND = "registry.k8s.io/pause:3.10"
MISSING = "registry.k8s.io/pause:0.0.0-does-not-exist"
TALKING = "registry.k8s.io/e2e-test-images/agnhost:2.47"
SIDECAR = {"name": "sidecar", "image": FIRST}
TIMEOUT_SECONDS = 90


class Admin:
    """The cluster's owner: creates and deletes what the tests need, by a client that is not the tested one."""

    def __init__(self, kubeconfig: Path) -> None:
        from kubernetes import client, config

        configuration = client.Configuration()
        config.load_kube_config(str(kubeconfig), client_configuration=configuration, persist_config=False)
        self._client = client.ApiClient(configuration)

    def close(self) -> None:
        self._client.close()

    def read(self, path: str) -> dict[str, Any]:
        return self._ask("GET", path, None)

    def create(self, path: str, body: dict[str, Any]) -> None:
        self._ask("POST", path, body)

    def replace(self, path: str, body: dict[str, Any]) -> None:
        self._ask("PUT", path, body)

    def delete(self, path: str) -> None:
        self._ask("DELETE", path, {})

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        request = self._client.param_serialize(
            method, path, header_params=headers, body=body, auth_settings=["BearerToken"]
        )
        response = self._client.call_api(*request, _request_timeout=(5, 30))
        answer = response.read()
        assert response.status < 300, (response.status, answer)
        return json.loads(answer)


@dataclass
class Ground:
    cluster: Cluster
    admin: Admin
    namespace: str
    made: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"/apis/apps/v1/namespaces/{self.namespace}/deployments"

    def make(self, image: str = FIRST, *, sidecar: bool = False, **spec: Any) -> str:
        """Creates a Deployment of one pod and answers its name."""
        name = f"site-{uuid4().hex[:8]}"
        labels = {"app": name}
        pod = {
            "containers": ([SIDECAR] if sidecar else []) + [{"name": WEB, "image": image}],
            "terminationGracePeriodSeconds": 1,
        }
        body = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod},
            }
            | spec,
        }
        self.admin.create(self.path, body)
        self.made.append(name)
        return name

    def read(self, name: str) -> Workload:
        return self.cluster.workload("Deployment", self.namespace, name)

    def pods(self, name: str) -> Pods:
        return self.cluster.pods(self.namespace, label_selector=f"app={name}")

    def settled(self, name: str) -> Workload:
        """The Deployment, once all its pods are of its template and ready."""
        return wait_for(lambda: next((each for each in [self.read(name)] if is_settled(each)), None))

    def rolled_out(self, name: str, image: str) -> Rollout:
        """The rollout of that image, once it is complete."""

        def state() -> Rollout | None:
            rollout = judge_rollout(self.read(name), images={WEB: image})
            return rollout if rollout.phase is Phase.COMPLETE else None

        return wait_for(state)

    def set_image(self, name: str, image: str) -> Workload:
        return self._changed(
            name, lambda read: self.cluster.set_images(read, images={WEB: image}, annotations={})
        )

    def restart(self, name: str, *, at: str, annotations: dict[str, str]) -> Workload:
        return self._changed(name, lambda read: self.cluster.restart(read, at=at, annotations=annotations))

    def _changed(self, name: str, change: Callable[[Workload], Workload]) -> Workload:
        """Read and change, again where the controller wrote in between."""
        for _ in range(10):
            try:
                return change(self.read(name))
            except Conflict:
                continue
        raise AssertionError("The controller was always faster.")

    def meddle(self, name: str, change: Callable[[dict[str, Any]], object]) -> None:
        """Someone else changes the Deployment's spec, whatever the controller writes meanwhile."""
        for _ in range(10):
            changed = self.admin.read(f"{self.path}/{name}")
            change(changed["spec"])
            try:
                self.admin.replace(f"{self.path}/{name}", changed)
            except AssertionError:
                continue
            return
        raise AssertionError("The controller was always faster.")

    def clear(self) -> None:
        for name in self.made:
            self.admin.delete(f"{self.path}/{name}")
        self.made.clear()


def wait_for(state: Callable[[], Any]) -> Any:
    """What `state` answers once it answers anything true."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if seen := state():
            return seen
        time.sleep(0.1)
    raise AssertionError("It never came.")
