"""Putting things into the cluster and reading them, from the same process."""

from collections.abc import Callable, Mapping
from typing import Any

import yaml

from simulators.cluster.api import Api
from simulators.cluster.controller import MANAGER
from simulators.cluster.cron_jobs import job_of, minute_name
from simulators.cluster.jobs import ended
from simulators.cluster.kinds import (
    DEPLOYMENTS,
    JOBS,
    KINDS,
    NAMESPACES,
    PODS,
    WORKLOADS,
    Json,
    kind_of,
)
from simulators.cluster.machinery import Machinery
from simulators.cluster.pods import failed
from simulators.cluster.requests import Target
from simulators.cluster.selectors import matches_selector
from simulators.cluster.settled import add_settled
from simulators.cluster.store import Store, copy


class Contents:
    """What a person with every right does to the cluster; objects are answered as copies."""

    store: Store
    api: Api
    machinery: Machinery

    def create_namespace(self, name: str) -> Json:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        return self.api.writes.create(Target(NAMESPACES), body, manager="demo")

    def bind_role(self, namespace: str) -> None:
        """Lets the user `headway` do in this namespace what its Role allows."""
        self.api.authorisation.bind(namespace)

    def unbind_role(self, namespace: str) -> None:
        """Deletes the RoleBinding by which the user `headway` works in this namespace."""
        self.api.authorisation.unbind(namespace)

    def delete_namespace(self, name: str) -> None:
        """Deletes the namespace with all that is in it, its RoleBindings among that."""
        self.api.writes.delete(Target(NAMESPACES, "", name), {})
        self.unbind_role(name)

    def create_deployment(
        self,
        namespace: str,
        name: str,
        *,
        containers: Mapping[str, str | Json],
        replicas: int = 1,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        init_containers: Mapping[str, str | Json] | None = None,
        pod: Json | None = None,
        settled: bool = False,
        **spec: Any,
    ) -> Json:
        """Creates a Deployment of containers (name to image, or to more of the container).

        More of its pods' spec is in `pod`, more of the object's own spec are keywords (`strategy=`, `paused=`…).

        `settled` makes its ReplicaSet and its ready pods at once, without any event, whatever their behaviour.
        """
        selector = {"app": name[:63].rstrip("-.")}
        pod_spec: Json = {"containers": _named(containers), **(pod or {})}
        if init_containers:
            pod_spec["initContainers"] = _named(init_containers)
        template = {"metadata": {"labels": selector | dict(labels or {})}, "spec": pod_spec}
        metadata: Json = {"name": name, "labels": selector | dict(labels or {})}
        if annotations:
            metadata["annotations"] = dict(annotations)
        whole = {"replicas": replicas, "selector": {"matchLabels": selector}, "template": template, **spec}
        body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": whole}
        if not settled:
            return self.api.writes.create(Target(DEPLOYMENTS, namespace), body, manager="demo")
        dry = self.api.writes.create(Target(DEPLOYMENTS, namespace), body, manager="demo", dry_run=True)
        return add_settled(
            self.store,
            dry,
            image_id=self.machinery.kubelet.containers.image_id,
            admitted=self.machinery.admission.admitted,
        )

    def apply(self, manifests: str, *, namespace: str = "default") -> list[Json]:
        """Creates what a file of YAML describes, each object in its own namespace or in this one."""
        made = []
        for body in filter(None, yaml.load_all(manifests, yaml.CSafeLoader)):
            kind, place = kind_of(body), body.get("metadata", {}).get("namespace", namespace)
            made.append(self.api.writes.create(Target(kind, place), body, manager="kubectl-create"))
        return made

    def workload(self, kind: str, namespace: str, name: str) -> Json:
        """A copy of an object of that kind; raises KeyError when there is none."""
        plural = next(each.plural for each in KINDS if each.kind == kind)
        found = self.store.find(plural, namespace, name)
        if found is None:
            raise KeyError(f"{kind} {namespace}/{name}")
        return copy(found)

    def change(
        self,
        kind: str,
        namespace: str,
        name: str,
        how: Callable[[Json], object],
        *,
        manager: str = "kubectl-edit",
    ) -> Json:
        """What someone else does with `kubectl edit`: `how` changes the copy that it is given."""

        def changed(thing: Json) -> Json:
            how(thing)
            return thing

        target = Target(next(each for each in WORKLOADS if each.kind == kind), namespace, name)
        return self.api.writes.update(target, changed, manager=manager)

    def run_cron_job(self, namespace: str, name: str, *, minute: int | None = None) -> Json | None:
        """Its schedule says that it is time: the Job that its controller begins; None where the spec forbids that now.

        `minute` of the Unix epoch is in the Job's name; the present one unless it is given.
        """
        with self.store.lock:
            cron_job = self.workload("CronJob", namespace, name)
            jobs = self.store.owned_by(cron_job["metadata"]["uid"], JOBS.plural)
            under_way, policy = [one for one in jobs if not ended(one)], cron_job["spec"]["concurrencyPolicy"]
            if cron_job["spec"]["suspend"] or (under_way and policy == "Forbid"):
                return None
            for one in under_way if policy == "Replace" else ():
                self.api.writes.delete(Target(JOBS, namespace, one["metadata"]["name"]), {})
            body = job_of(cron_job, minute_name(cron_job, minute))
            job = self.api.writes.create(Target(JOBS, namespace), body, manager=MANAGER)
            self.machinery.cron_jobs.begun(cron_job, job)
            return copy(job)

    def pods_of(self, kind: str, namespace: str, name: str) -> list[Json]:
        """Copies of the pods that this object owns, those on their way out too."""
        uid = self.workload(kind, namespace, name)["metadata"]["uid"]
        return [copy(pod) for pod in self.store.owned_by(uid, PODS.plural)]

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
        """What someone else does with `kubectl set image`."""

        def change(deployment: Json) -> Json:
            for one in deployment["spec"]["template"]["spec"]["containers"]:
                if one["name"] == container:
                    one["image"] = image
            return deployment

        return self.api.writes.update(Target(DEPLOYMENTS, namespace, name), change, manager=manager)

    def scale(self, namespace: str, name: str, replicas: int) -> Json:
        def change(deployment: Json) -> Json:
            deployment["spec"]["replicas"] = replicas
            return deployment

        return self.api.writes.update(Target(DEPLOYMENTS, namespace, name), change, manager="kubectl")

    def delete_deployment(self, namespace: str, name: str) -> None:
        self.api.writes.delete(Target(DEPLOYMENTS, namespace, name), {})

    def annotate(self, namespace: str, name: str, **annotations: str) -> Json:
        """What someone else does with `kubectl annotate`; to a Deployment that is a new generation."""

        def change(deployment: Json) -> Json:
            present = deployment["metadata"].get("annotations") or {}
            deployment["metadata"]["annotations"] = {**present, **annotations}
            return deployment

        return self.api.writes.update(
            Target(DEPLOYMENTS, namespace, name), change, manager="kubectl-annotate"
        )

    def evict(
        self,
        pod: Json,
        *,
        reason: str = "Evicted",
        message: str = "The node was low on resource: memory. ",
    ) -> None:
        """What a node does to a pod when it runs short of something, or shuts down: the pod is left behind as Failed."""
        with self.store.lock:
            found = self.store.find(PODS.plural, pod["metadata"]["namespace"], pod["metadata"]["name"])
            if found is not None:
                self.store.replace(PODS.plural, failed(found, reason, message))

    def lag_deployment_controller(self, seconds: float) -> None:
        """The Deployment controller is busy: it sees each change so much later."""
        self.machinery.deployments.queue.delay_seconds = seconds

    def set_pod_quota(self, namespace: str, pods: int | None) -> None:
        """The most pods the namespace may have; None lifts the quota."""
        self.machinery.set_pod_quota(namespace, pods)

    def set_object_quota(self, namespace: str, kind: str, most: int | None) -> None:
        """The most objects of a kind, such as `jobs.batch`, that the namespace may have; None lifts the quota."""
        self.api.writes.quotas.pop((namespace, kind), None)
        if most is not None:
            self.api.writes.quotas[namespace, kind] = most


def _named(images: Mapping[str, str | Json]) -> list[Json]:
    return [
        {"name": name, **({"image": each} if isinstance(each, str) else each)}
        for name, each in images.items()
    ]
