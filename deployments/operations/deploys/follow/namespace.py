"""One namespace as a follower asks for it: the few objects that it follows by their names, or all of them by lists."""

from functools import cached_property

from deployments.clients.cluster import Cluster, Listed, NotFound, Pods
from deployments.rules.pods import Pod
from deployments.rules.selectors import selector
from deployments.rules.workloads import Workload

FEW = 3
NAMED_WHERE_ONE_IN = 25
"""A list costs so much less per Deployment than two requests of its own: docs/decisions/0014-admission.md."""


class NamespaceLook:
    """What one namespace shows now. Raises ClusterError where it may not be asked."""

    def __init__(self, cluster: Cluster, name: str, *, by_lists: bool) -> None:
        self._cluster = cluster
        self._name = name
        self._by_lists = by_lists

    def deployment(self, name: str) -> Workload | None:
        """None: it is gone."""
        if self._by_lists:
            return self._deployments.named(name)
        try:
            return self._cluster.deployment(self._name, name)
        except NotFound:
            return None

    def pods(self, deployment: Workload) -> list[Pod]:
        """At least the Deployment's own, and hardly any others."""
        if self._by_lists:
            return self._pods.of_workload(deployment.name)
        return list(self._cluster.pods(self._name, label_selector=selector(deployment.selector)))

    @property
    def size(self) -> int:
        """How many Deployments there are; they are listed."""
        return len(self._deployments)

    @cached_property
    def _deployments(self) -> Listed[Workload]:
        return self._cluster.deployments(self._name)

    @cached_property
    def _pods(self) -> Pods:
        return self._cluster.pods(self._name, label_selector="")


def asks_by_lists(*, followed: int, size: int | None) -> bool:
    """Whether lists are cheaper than names where so many of a namespace's Deployments are followed; `size`: not known yet."""
    return followed > FEW if size is None else followed * NAMED_WHERE_ONE_IN > size
