"""What Headway asks of a cluster; what it answers is parsed here, and no JSON leaves this room.

https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import quote

from deployments.clients.cluster import parse
from deployments.clients.cluster.errors import ClusterUnavailable, Expired, NoSuchContainer
from deployments.clients.cluster.fields import child, children, flag, text
from deployments.clients.cluster.lists import Listed, Pods
from deployments.clients.cluster.transport import Json, Transport
from deployments.rules.pods import Event
from deployments.rules.restarts import RESTARTED_AT, restarted_at
from deployments.rules.workloads import OUR_MANAGER, ReplicaSet, Workload, containers, is_same_image

_PAGE = 500
_STARTS = 3
_MOST_PAGES = 400
_LONGEST_LOG_BYTES = 64 * 1024


class Cluster:
    """One API server. Every method raises ClusterError; threads may share it, processes may not."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._transport.close()

    def user_name(self) -> str:
        """Who the cluster takes us for. Raises ClusterRefused when it takes us for nobody; needs Kubernetes 1.28."""
        kind = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        review = self._transport.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", kind)
        return text(child(review, "status", "userInfo"), "username")

    def may(self, *, verb: str, group: str, resource: str, namespace: str, name: str = "") -> bool:
        """Whether the API server would let us; `resource` has its subresource behind a slash. Without a name: all of them."""
        kind, _, part = resource.partition("/")
        asked = {
            "verb": verb,
            "group": group,
            "resource": kind,
            "subresource": part,
            "namespace": namespace,
            "name": name,
        }
        kinds = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        review = self._transport.post(path, {**kinds, "spec": {"resourceAttributes": asked}})
        return flag(child(review, "status"), "allowed")

    def deployments(self, namespace: str) -> Listed[Workload]:
        """Every Deployment of the namespace, read by pages of 500."""
        return Listed(self._list(_deployments(namespace)), parse.deployment)

    def deployment(self, namespace: str, name: str) -> Workload:
        """One Deployment. Raises NotFound."""
        return parse.deployment(self._transport.get(f"{_deployments(namespace)}/{_quoted(name)}"))

    def set_image(
        self, deployment: Workload, *, container: str, image: str, annotations: Mapping[str, str]
    ) -> Workload:
        """The Deployment after its container was given the image, and itself the annotations.

        `deployment` is the object that was judged: only in that very revision is it changed. When the container has the
        image already, nothing is sent and the object comes back as it is. Raises NoSuchContainer, Conflict.
        """
        present = containers(deployment)
        if container not in present:
            raise NoSuchContainer(
                f"The Deployment “{deployment.name}” has no container “{container}”: correct the site's container. "
                f"It has {', '.join(sorted(present)) or 'none'}."
            )
        if is_same_image(present[container], image):
            return deployment
        template = {"spec": {"containers": [{"name": container, "image": image}]}}
        return self._patch(deployment, template, annotations)

    def restart(self, deployment: Workload, *, at: str, annotations: Mapping[str, str]) -> Workload:
        """The Deployment after its pods' template was marked as restarted `at` (RFC 3339), and itself the annotations.

        That is what `kubectl rollout restart` does: every pod is replaced, by the Deployment's own strategy. When the
        template is marked so already, nothing is sent. Raises Conflict.
        """
        if restarted_at(deployment.template) == at:
            return deployment
        return self._patch(deployment, {"metadata": {"annotations": {RESTARTED_AT: at}}}, annotations)

    def pods(self, namespace: str, *, label_selector: str) -> Pods:
        """The pods that a label selector picks."""
        return Pods(self._list(f"{_core(namespace)}/pods", labelSelector=label_selector))

    def replica_sets(self, namespace: str, *, label_selector: str) -> list[ReplicaSet]:
        """The ReplicaSets that a label selector picks."""
        found = self._list(f"{_apps(namespace)}/replicasets", labelSelector=label_selector)
        return [parse.replica_set(each) for each in found]

    def events(self, namespace: str, *, uid: str) -> list[Event]:
        """What the cluster reports of the object with this uid; it forgets after an hour or so."""
        found = self._list(f"{_core(namespace)}/events", fieldSelector=f"involvedObject.uid={uid}")
        return [parse.event(each) for each in found]

    def log(
        self, namespace: str, pod: str, *, container: str, tail_lines: int = 20, previous: bool = False
    ) -> str:
        """The container's last lines, at most 64 KiB; `previous` are those of the run that ended before this one."""
        return self._transport.text(
            f"{_core(namespace)}/pods/{_quoted(pod)}/log",
            container=container,
            tailLines=tail_lines,
            limitBytes=_LONGEST_LOG_BYTES,
            previous="true" if previous else "false",
        )

    def create_secret(self, namespace: str, name: str, values: Mapping[str, str]) -> None:
        """Makes a Secret of these texts. Raises AlreadyExists where there is one by that name, which stays as it is."""
        metadata = {"name": name, "labels": {"app.kubernetes.io/name": "headway"}}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": dict(values)}
        self._transport.post(f"{_core(namespace)}/secrets", body)

    def _patch(self, deployment: Workload, template: Json, annotations: Mapping[str, str]) -> Workload:
        """Changes that very revision of a Deployment, by strategic merge."""
        if not (deployment.resource_version and deployment.namespace and deployment.name):
            # Sent without a revision, a patch would change whatever is there by now.
            raise ClusterUnavailable(
                "The Deployment came without its name or revision: is this an API server?"
            )
        change = {
            "metadata": {"resourceVersion": deployment.resource_version, "annotations": dict(annotations)},
            "spec": {"template": template},
        }
        path = f"{_deployments(deployment.namespace)}/{_quoted(deployment.name)}"
        return parse.deployment(self._transport.patch(path, change, fieldManager=OUR_MANAGER))

    def _list(self, path: str, **query: str) -> list[Json]:
        """All pages, in time with one another; when the server forgets where we were, from the first one again."""
        with self._transport.in_time():
            for _ in range(_STARTS):
                try:
                    return self._read_pages(path, query)
                except Expired as error:
                    expired = error
        raise ClusterUnavailable(
            "The cluster forgot its list while it was being read, three times: try again.",
            status=expired.status,
        ) from expired

    def _read_pages(self, path: str, query: Mapping[str, str]) -> list[Json]:
        items: list[Json] = []
        following: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            page = self._transport.get(path, limit=_PAGE, **query, **following)
            items += children(page, "items")
            token = text(child(page, "metadata"), "continue")
            if not token:
                return items
            following = {"continue": token}
        raise ClusterUnavailable(
            f"The cluster's list goes on after {_MOST_PAGES * _PAGE:,} objects: check what answers at its address."
        )


def _apps(namespace: str) -> str:
    return f"/apis/apps/v1/namespaces/{_quoted(namespace)}"


def _core(namespace: str) -> str:
    return f"/api/v1/namespaces/{_quoted(namespace)}"


def _deployments(namespace: str) -> str:
    return f"{_apps(namespace)}/deployments"


def _quoted(name: str) -> str:
    return quote(name, safe="")
