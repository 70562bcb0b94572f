"""What one sync lists in the cluster: nothing twice, and nothing unneeded."""

from functools import cached_property
from typing import TypeVar

from deployments.clients.clients import Clients
from deployments.clients.cluster import Cluster, ClusterError, ClusterUnavailable, Pods, Workloads
from deployments.models import MappedWorkload
from deployments.rules.targets import WorkloadReference
from deployments.rules.workloads import Workload, WorkloadKind

Place = tuple[str, str, str]
"""A workload's kind, namespace and name."""
SILENT_IN_A_ROW = 3
_SILENT = "The cluster did not answer for three namespaces in a row, and was not asked about this one: the next sync asks again."


class ClusterLists:
    """One LIST for each mapped kind and namespace, and of pods only where they are needed."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._workloads: dict[tuple[str, WorkloadKind], Workloads | ClusterError] = {}
        self._pods: dict[str, Pods | ClusterError] = {}
        self._silent_in_a_row = 0
        self.requests = 0

    @property
    def cluster(self) -> Cluster:
        """Raises ClusterError where there is none."""
        return self._clients.cluster

    def workload(self, reference: WorkloadReference) -> Workload | None:
        """None: it is not there. Raises ClusterError."""
        return self._listed(reference).named(reference.name)

    def with_image(self, reference: WorkloadReference, name: str) -> list[Workload]:
        """The workloads beside it, of its kind and namespace, with an image called `name`. Raises ClusterError."""
        return self._listed(reference).with_image(name)

    @cached_property
    def mapped(self) -> frozenset[Place]:
        """What any site maps."""
        return frozenset(MappedWorkload.objects.values_list("kind", "namespace", "name"))

    def pods(self, namespace: str) -> Pods:
        """Listed once, also where that is refused. Raises ClusterError."""
        if namespace not in self._pods:
            self.requests += 1
            try:
                self._pods[namespace] = self.cluster.pods(namespace, label_selector="")
            except ClusterError as error:
                self._pods[namespace] = error
        return _or_raise(self._pods[namespace])

    def _listed(self, reference: WorkloadReference) -> Workloads:
        key = (reference.namespace, reference.kind)
        if key not in self._workloads:
            self._workloads[key] = self._list(key)
        return _or_raise(self._workloads[key])

    def _list(self, key: tuple[str, WorkloadKind]) -> Workloads | ClusterError:
        if self._silent_in_a_row >= SILENT_IN_A_ROW:
            return ClusterUnavailable(_SILENT)
        self.requests += 1
        namespace, kind = key
        try:
            found = self.cluster.workloads(kind, namespace)
        except ClusterError as error:
            is_silent = isinstance(error, ClusterUnavailable) and not error.status
            self._silent_in_a_row = self._silent_in_a_row + 1 if is_silent else 0
            return error
        self._silent_in_a_row = 0
        return found


T = TypeVar("T")


def _or_raise(answer: T | ClusterError) -> T:
    if isinstance(answer, ClusterError):
        raise answer
    return answer
