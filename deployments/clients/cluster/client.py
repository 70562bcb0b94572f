"""Headway's calls to a cluster; answers are parsed here, and no JSON leaves this package.

https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import quote

from deployments.clients.cluster import parse
from deployments.clients.cluster.bodies import check_containers, images_patch, job_body
from deployments.clients.cluster.errors import ClusterUnavailable, Conflict, Expired, Invalid
from deployments.clients.cluster.fields import child, children, flag, text
from deployments.clients.cluster.lists import Pods, Workloads
from deployments.clients.cluster.parse_routes import domain_mapping, http_route, ingress_routes, service
from deployments.clients.cluster.transport import Json, Transport
from deployments.rules.jobs import Job
from deployments.rules.pods import Event
from deployments.rules.restarts import RESTARTED_AT, restarted_at
from deployments.rules.routes import Route, Service
from deployments.rules.workloads import (
    OUR_MANAGER,
    ReplicaSet,
    Workload,
    WorkloadKind,
    all_images,
    is_same_image,
)

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

    def workloads(self, kind: str, namespace: str) -> Workloads:
        """Every workload of that kind in the namespace, read by pages of 500."""
        return Workloads(self._list(_workloads(kind, namespace)), parse.WORKLOADS[kind])

    def workload(self, kind: str, namespace: str, name: str) -> Workload:
        """One workload. Raises NotFound."""
        return parse.WORKLOADS[kind](self._transport.get(f"{_workloads(kind, namespace)}/{_quoted(name)}"))

    def set_images(
        self,
        workload: Workload,
        *,
        images: Mapping[str, str],
        annotations: Mapping[str, str],
        dry_run: bool = False,
    ) -> Workload:
        """The workload after its containers and init containers, by their names, were given these images, and itself the annotations.

        `workload` is the object that was judged: only in that very revision is it changed. Where all have their images already,
        nothing is sent and the object comes back as it is. A `dry_run` answers what admission would make of it, and changes
        nothing. Raises NoSuchContainer, Conflict.
        """
        present = all_images(workload)
        check_containers(f"The {workload.kind} “{workload.name}”", present=present, wanted=images)
        changed = {name: image for name, image in images.items() if not is_same_image(present[name], image)}
        if not changed:
            return workload
        return self._patch(workload, images_patch(workload, changed), annotations, dry_run=dry_run)

    def restart(self, workload: Workload, *, at: str, annotations: Mapping[str, str]) -> Workload:
        """The workload after its pods' template was marked as restarted `at` (RFC 3339), and itself the annotations.

        That is what `kubectl rollout restart` does: every pod is replaced, by the workload's own strategy. When the
        template is marked so already, nothing is sent. Raises Conflict, and Invalid for a CronJob.
        """
        if workload.kind == WorkloadKind.CRON_JOB:
            raise Invalid(f"The CronJob “{workload.name}” keeps no pods, so there is nothing to restart.")
        if restarted_at(workload.template) == at:
            return workload
        return self._patch(workload, {"metadata": {"annotations": {RESTARTED_AT: at}}}, annotations)

    def create_job(
        self, cron_job: Workload, *, name: str, images: Mapping[str, str], annotations: Mapping[str, str]
    ) -> Job:
        """A new Job from the CronJob's template, as `kubectl create job --from` makes it, with these images by container name.

        `cron_job` is the object that was judged: the template is re-read, and must be of that very generation. Raises
        NoSuchContainer, Conflict, and AlreadyExists where a Job has that name.
        """
        found = self._transport.get(
            f"{_workloads(cron_job.kind, cron_job.namespace)}/{_quoted(cron_job.name)}"
        )
        read = parse.cron_job(found)
        if (read.uid, read.generation) != (cron_job.uid, cron_job.generation):
            raise Conflict(f"The CronJob “{cron_job.name}” has changed since it was read. Read it again.")
        check_containers(f"The CronJob “{cron_job.name}”", present=all_images(read), wanted=images)
        body = job_body(found, name=name, images=images, annotations=annotations)
        path = _jobs(cron_job.namespace)
        return parse.job(self._transport.post(path, body, fieldManager=OUR_MANAGER))

    def job(self, namespace: str, name: str) -> Job:
        """One Job. Raises NotFound."""
        return parse.job(self._transport.get(f"{_jobs(namespace)}/{_quoted(name)}"))

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

    def ingresses(self, namespace: str) -> list[Route]:
        """Every rule of every Ingress."""
        found = self._list(f"/apis/networking.k8s.io/v1/namespaces/{_quoted(namespace)}/ingresses")
        return [route for each in found for route in ingress_routes(each)]

    def http_routes(self, namespace: str) -> list[Route]:
        """Every HTTPRoute. Raises NotFound where the cluster has no Gateway API."""
        found = self._list(f"/apis/gateway.networking.k8s.io/v1/namespaces/{_quoted(namespace)}/httproutes")
        return [http_route(each) for each in found]

    def domain_mappings(self, namespace: str) -> list[Route]:
        """Every DomainMapping. Raises NotFound where the cluster has no Knative."""
        found = self._list(
            f"/apis/serving.knative.dev/v1beta1/namespaces/{_quoted(namespace)}/domainmappings"
        )
        return [domain_mapping(each) for each in found]

    def services(self, namespace: str) -> list[Service]:
        return [service(each) for each in self._list(f"{_core(namespace)}/services")]

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
        """Makes a Secret of these texts. Raises AlreadyExists where there is one by that name, which is left unchanged."""
        metadata = {"name": name, "labels": {"app.kubernetes.io/name": "headway"}}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": dict(values)}
        self._transport.post(f"{_core(namespace)}/secrets", body)

    def _patch(
        self, workload: Workload, template: Json, annotations: Mapping[str, str], *, dry_run: bool = False
    ) -> Workload:
        """Changes that very revision of a workload, by strategic merge."""
        if not (workload.resource_version and workload.namespace and workload.name):
            # Sent without a revision, a patch would change whatever is there by now.
            raise ClusterUnavailable(
                f"The {workload.kind} came without its name or revision: is this an API server?"
            )
        is_cron_job = workload.kind == WorkloadKind.CRON_JOB
        change = {
            "metadata": {"resourceVersion": workload.resource_version, "annotations": dict(annotations)},
            "spec": {"jobTemplate": {"spec": {"template": template}}}
            if is_cron_job
            else {"template": template},
        }
        path = f"{_workloads(workload.kind, workload.namespace)}/{_quoted(workload.name)}"
        query = {"fieldManager": OUR_MANAGER} | ({"dryRun": "All"} if dry_run else {})
        return parse.WORKLOADS[workload.kind](self._transport.patch(path, change, **query))

    def _list(self, path: str, **query: str) -> list[Json]:
        """All pages, in time with one another; when the server forgets where we were, from the first one again."""
        with self._transport.in_time():
            for _ in range(_STARTS):
                try:
                    return self._read_pages(path, query)
                except Expired as error:
                    expired = error
        raise ClusterUnavailable(
            "The cluster forgot its list while it was being read, three times. Try again.",
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
            f"The cluster's list continues after {_MOST_PAGES * _PAGE:,} objects. Check what answers at its address."
        )


def _apps(namespace: str) -> str:
    return f"/apis/apps/v1/namespaces/{_quoted(namespace)}"


def _core(namespace: str) -> str:
    return f"/api/v1/namespaces/{_quoted(namespace)}"


def _workloads(kind: str, namespace: str) -> str:
    known = WorkloadKind(kind)
    return f"/apis/{known.group}/v1/namespaces/{_quoted(namespace)}/{known.resource}"


def _jobs(namespace: str) -> str:
    return f"/apis/batch/v1/namespaces/{_quoted(namespace)}/jobs"


def _quoted(name: str) -> str:
    return quote(name, safe="")
