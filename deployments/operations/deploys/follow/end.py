"""What the follower needs when a Deploy ends: whether its time is up, and what its container printed."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from deployments.clients.cluster import Cluster, ClusterError
from deployments.models import DeployStep
from deployments.rules.wording import printable

logger = logging.getLogger(__name__)
LOG_LINES = 20
LONGEST_LOG_BYTES = 8 * 1024


def is_out_of_time(step: DeployStep, allowed: timedelta, *, now: datetime) -> bool:
    """Whether its rollout has stalled for that long."""
    return now - step.since() >= allowed


def last_lines(cluster: Cluster, namespace: str, *, pod: str, container: str) -> str:
    """What the container printed last, in the run that ended if there was one; empty where it cannot be read."""
    texts = _texts(cluster, namespace, pod=pod, container=container)
    return cut_log(next((text for text in texts if text.strip()), ""))


def _texts(cluster: Cluster, namespace: str, *, pod: str, container: str) -> Iterator[str]:
    for previous in (True, False):
        try:
            yield cluster.log(namespace, pod, container=container, tail_lines=LOG_LINES, previous=previous)
        except ClusterError as error:
            # During the first run there is no earlier one, and before it there is none: the API server answers 400.
            logger.info("No log of %s in %s: %s", container, pod, error)


def cut_log(text: str) -> str:
    """The last lines as text that a page can show and PostgreSQL can keep."""
    raw = printable(text).strip("\n").encode()[-LONGEST_LOG_BYTES:]
    return raw.decode(errors="ignore")
