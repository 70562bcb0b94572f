"""Why sites without a ready pod have none: the pods of the namespace, and one log per site."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from deployments.clients.cluster import Cluster, ClusterError, ClusterUnavailable
from deployments.facts import pods_as_json
from deployments.models import Observation, Site
from deployments.operations.deploys.follow.end import LOG_LINES, cut_log
from deployments.rules.outages import Outage, outage_of
from deployments.rules.pods import Pod
from deployments.rules.workloads import Workload

logger = logging.getLogger(__name__)
SILENT_IN_A_ROW = 3
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class SeenOutage:
    """What was found, as an observation keeps it."""

    reason: str
    message: str
    log: str
    pods: list[dict[str, Any]]


class Outages:
    """Asks a cluster about sites that are down. After three timeouts in a row it stops asking."""

    def __init__(self, *, now: datetime) -> None:
        self._now = now
        self._silent_in_a_row = 0
        self.requests = 0

    def explain(
        self, cluster: Cluster, site: Site, workload: Workload, pods: Sequence[Pod], *, container: str
    ) -> SeenOutage:
        """Return what keeps the workload's pods from being ready; raises nothing."""
        outage = outage_of(workload, pods, container=container, now=self._now)
        if outage.unexplained and (
            events := self._ask(lambda: cluster.events(workload.namespace, uid=outage.unexplained))
        ):
            outage = outage_of(workload, pods, events, container=container, now=self._now)
        listed = pods_as_json(outage.pods)
        is_as_before = listed == site.observation.outage_pods
        log = self._log(cluster, workload.namespace, site.observation, outage, is_as_before=is_as_before)
        return SeenOutage(reason=outage.reason, message=outage.message, log=log, pods=listed)

    def _log(
        self, cluster: Cluster, namespace: str, seen: Observation, outage: Outage, *, is_as_before: bool
    ) -> str:
        source = outage.log
        if source is None:
            return ""
        if is_as_before and source.previous and seen.outage_log:
            # No container was restarted since: that run has printed all that it will.
            return seen.outage_log
        text = self._ask(
            lambda: cluster.log(
                namespace,
                source.pod,
                container=source.container,
                tail_lines=LOG_LINES,
                previous=source.previous,
            )
        )
        return cut_log(text or "")

    def _ask(self, question: Callable[[], T]) -> T | None:
        if self._silent_in_a_row >= SILENT_IN_A_ROW:
            return None
        self.requests += 1
        try:
            answer = question()
        except ClusterError as error:
            logger.info("An outage could not be read completely: %s", error)
            is_silent = isinstance(error, ClusterUnavailable) and not error.status
            self._silent_in_a_row = self._silent_in_a_row + 1 if is_silent else 0
            return None
        self._silent_in_a_row = 0
        return answer
