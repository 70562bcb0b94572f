"""How a Deploy ends: its row, its site's row, what its container printed, and who looks next."""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django_q.tasks import async_task

from deployments.clients.cluster import Cluster, ClusterError
from deployments.models import Deploy, Observation, Status
from deployments.operations.deploys.batch import continue_batches_of
from deployments.operations.deploys.follow.context import Timeouts
from deployments.operations.deploys.rollback import after_end
from deployments.rules.wording import printable

logger = logging.getLogger(__name__)
LOG_LINES = 20
LONGEST_LOG_BYTES = 8 * 1024


def is_out_of_time(deploy: Deploy, timeouts: Timeouts, *, now: datetime) -> bool:
    return now - (deploy.patched_at or deploy.requested_at) >= timeouts.rollout


def end(deploy: Deploy, status: Status, message: str, *, now: datetime, **values: Any) -> None:
    """End the Deploy; where it succeeded, the site's row says so at once, and a sync of this site looks at the rest."""
    with transaction.atomic():
        if not deploy.move(status, now=now, message=message, **values):
            return
        if status == Status.SUCCEEDED:
            seen = Observation.objects.filter(site_id=deploy.site_id)
            seen.update(
                running_sha=deploy.sha, desired_sha=deploy.sha, desired_image=deploy.image,
                ready=deploy.ready, wanted=deploy.wanted, resource_version="",
            )  # fmt: skip
            seen.filter(head_sha=deploy.sha).update(behind_by=0, ahead_by=0)
        after_end(deploy, now=now)
        async_task(
            "deployments.tasks.sync", hosts=[deploy.site.host], trigger="deploy", q_options={"group": "sync"}
        )
        continue_batches_of(deploy)


def last_lines(cluster: Cluster, namespace: str, *, pod: str, container: str) -> str:
    """What the container printed last, in the run that ended if there was one; empty where it cannot be read."""
    texts = _texts(cluster, namespace, pod=pod, container=container)
    return _cut(next((text for text in texts if text.strip()), ""))


def _texts(cluster: Cluster, namespace: str, *, pod: str, container: str) -> Iterator[str]:
    for previous in (True, False):
        try:
            yield cluster.log(namespace, pod, container=container, tail_lines=LOG_LINES, previous=previous)
        except ClusterError as error:
            # There is no earlier run while the first one lasts, and no run at all before the first: the API server says 400.
            logger.info("No log of %s in %s: %s", container, pod, error)


def _cut(text: str) -> str:
    """The last lines as text that a page can show and PostgreSQL can keep."""
    raw = printable(text).strip("\n").encode()[-LONGEST_LOG_BYTES:]
    return raw.decode(errors="ignore")
