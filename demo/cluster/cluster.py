"""`DemoCluster`: a small, strict Kubernetes on loopback, for tests and for `make demo`."""

import base64
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from demo.cluster.api import Api
from demo.cluster.authorisation import Authorisation
from demo.cluster.behaviour import HEALTHY, Behaviour
from demo.cluster.defaults import with_defaults
from demo.cluster.failures import Failure, Failures, RequestLog
from demo.cluster.kinds import DEPLOYMENTS, NAMESPACES, PODS, Json
from demo.cluster.machinery import Machinery
from demo.cluster.selectors import matches_selector
from demo.cluster.server import Server
from demo.cluster.settled import add_settled
from demo.cluster.store import Store, copy
from demo.cluster.tls import make_tls

RBAC = Path(__file__).resolve().parents[2] / "k8s" / "base"


class DemoCluster:
    """`image_exists` and `behaviour` are asked with the image as the pod spells it, from the cluster's own thread.

    `start_seconds` is the time from a pod's creation to its readiness. `requests` is the log of what was asked.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        image_exists: Callable[[str], bool] = lambda _: True,
        behaviour: Callable[[str], Behaviour] = lambda _: HEALTHY,
        rbac: Path = RBAC,
        start_seconds: float = 1.0,
        namespaces: tuple[str, ...] = ("default",),
        history_length: int = 20_000,
    ) -> None:
        self.requests = RequestLog()
        self.failures = Failures()
        self.authorisation = Authorisation(rbac)
        self.store = Store(history_length=history_length)
        self.machinery = Machinery(
            self.store, image_exists=image_exists, behaviour=behaviour, start_seconds=start_seconds
        )
        self.api = Api(self.store, self.machinery, self.authorisation)
        self.ca_pem, tls = make_tls()
        self._server = Server(
            port,
            tls,
            api=self.api,
            authorisation=self.authorisation,
            failures=self.failures,
            requests=self.requests,
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="demo-cluster")
        for name in namespaces:
            self.create_namespace(name)

    # Its life.

    def start(self) -> Self:
        self.machinery.clock.start()
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ends every connection and thread; raises what the controllers tripped over, if anything."""
        self.failures.stop()
        self.api.watches.close()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.hang_up()
        self._server.server_close()
        self.machinery.clock.stop()
        if self.machinery.clock.failures:
            raise self.machinery.clock.failures[0]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # How to reach it.

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def token(self, user: str = "headway") -> str:
        return self.authorisation.token(user)

    def rotate_token(self, user: str = "headway") -> str:
        """A new token for the user; kubeconfigs written before are answered with 401."""
        return self.authorisation.rotate(user)

    def kubeconfig(self, user: str = "headway", namespace: str = "default") -> Json:
        """A kubeconfig for `headway` (the worker's Role) or `admin` (everything)."""
        authority = base64.b64encode(self.ca_pem.encode()).decode()
        cluster = {"server": self.url, "certificate-authority-data": authority}
        context = {"cluster": "demo", "user": user, "namespace": namespace}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "demo", "cluster": cluster}],
            "users": [{"name": user, "user": {"token": self.token(user)}}],
            "contexts": [{"name": "demo", "context": context}],
            "current-context": "demo",
        }

    def write_kubeconfig(self, path: Path, user: str = "headway", namespace: str = "default") -> Path:
        """Writes the kubeconfig, readable by its owner alone, and answers the path."""
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(self.kubeconfig(user, namespace)))
        return path

    # What is in it.

    def create_namespace(self, name: str) -> Json:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        return self.api.writes.create(NAMESPACES, "", body, manager="demo")

    def bind_role(self, namespace: str) -> None:
        """Lets the user `headway` do in this namespace what its Role allows."""
        self.authorisation.bind(namespace)

    def create_deployment(
        self,
        namespace: str,
        name: str,
        *,
        containers: Mapping[str, str],
        replicas: int = 1,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        settled: bool = False,
        **spec: Any,
    ) -> Json:
        """Creates a Deployment of `containers` (name to image); more of its spec as keywords (`strategy=`, `paused=`…).

        `settled` makes its ReplicaSet and its ready pods at once, without any event, whatever their behaviour.
        """
        selector = {"app": name}
        template = {
            "metadata": {"labels": selector | dict(labels or {})},
            "spec": {"containers": [{"name": key, "image": image} for key, image in containers.items()]},
        }
        metadata: Json = {"name": name, "labels": selector | dict(labels or {})}
        if annotations:
            metadata["annotations"] = dict(annotations)
        whole = {"replicas": replicas, "selector": {"matchLabels": selector}, "template": template, **spec}
        body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": whole}
        if not settled:
            return self.api.writes.create(DEPLOYMENTS, namespace, body, manager="demo")
        dry = self.api.writes.create(DEPLOYMENTS, namespace, body, manager="demo", dry_run=True)
        return add_settled(self.store, with_defaults(dry))

    def deployment(self, namespace: str, name: str) -> Json:
        """A copy of the Deployment; raises KeyError when there is none."""
        found = self.store.find(DEPLOYMENTS.plural, namespace, name)
        if found is None:
            raise KeyError(f"{namespace}/{name}")
        return copy(found)

    def pods(self, namespace: str, name: str) -> list[Json]:
        """Copies of the pods that the Deployment's selector picks, those on their way out too."""
        selector = self.deployment(namespace, name)["spec"]["selector"]
        listed = self.store.all_of(PODS.plural, namespace)
        return [
            copy(pod) for pod in listed if matches_selector(selector, pod["metadata"].get("labels") or {})
        ]

    def set_image(
        self, namespace: str, name: str, *, container: str, image: str, manager: str = "kubectl-set"
    ) -> Json:
        """What somebody else does with `kubectl set image`."""

        def change(deployment: Json) -> Json:
            for one in deployment["spec"]["template"]["spec"]["containers"]:
                if one["name"] == container:
                    one["image"] = image
            return deployment

        return self.api.writes.update(DEPLOYMENTS, namespace, name, change, manager=manager)

    def scale(self, namespace: str, name: str, replicas: int) -> Json:
        def change(deployment: Json) -> Json:
            deployment["spec"]["replicas"] = replicas
            return deployment

        return self.api.writes.update(DEPLOYMENTS, namespace, name, change, manager="kubectl")

    def delete_deployment(self, namespace: str, name: str) -> None:
        self.api.writes.delete(DEPLOYMENTS, namespace, name, {})

    def set_pod_quota(self, namespace: str, pods: int | None) -> None:
        """The most pods the namespace may have; None lifts the quota."""
        self.machinery.replica_sets.set_quota(namespace, pods)

    # Its time.

    def settle_now(self, timeout_seconds: float = 30) -> None:
        """Does now all that is on its way: rollouts end, pods get ready. Only retries and deadlines keep their time."""
        self.machinery.clock.settle(timeout_seconds=timeout_seconds)

    def wait_until(self, holds: Callable[[], bool], timeout_seconds: float = 10) -> None:
        """Waits until `holds()`, asked after every change in the cluster; raises TimeoutError."""
        with self.store.changed:
            if not self.store.changed.wait_for(holds, timeout_seconds):
                raise TimeoutError("The demo cluster never got there.")

    # How it fails.

    def fail_next(
        self,
        status: int,
        times: int = 1,
        *,
        method: str | None = None,
        path_contains: str = "",
        retry_after: int | None = None,
    ) -> None:
        """The next requests that fit are refused with this status, and have no effect."""
        failure = Failure(times, method, path_contains, status=status, retry_after=retry_after)
        self.failures.plan(failure)

    def hang(
        self,
        seconds: float,
        times: int = 1,
        *,
        method: str | None = None,
        path_contains: str = "",
        after: bool = False,
    ) -> None:
        """The next requests that fit wait so long, before they take effect or `after`."""
        self.failures.plan(Failure(times, method, path_contains, hang_seconds=seconds, after=after))

    def drop_connection(
        self, times: int = 1, *, method: str | None = None, path_contains: str = "", after: bool = False
    ) -> None:
        """The next requests that fit get no answer at all, `after` them having taken effect if asked."""
        self.failures.plan(Failure(times, method, path_contains, drop=True, after=after))

    def expire_continue_tokens(self) -> None:
        """Every list that is half read must be started anew: 410."""
        self.api.lists.expire()

    def forget_history(self) -> None:
        """Every watch that asks for an older revision is told 410."""
        self.store.forget_history()
