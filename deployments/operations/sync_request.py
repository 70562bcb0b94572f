"""Ask for a sync; a worker does it."""

from collections.abc import Sequence

from django_q.tasks import async_task


def request_sync(*, hosts: Sequence[str] = (), trigger: str = "person") -> None:
    """Queue a sync of `hosts`, or of all sites where none is named."""
    async_task("deployments.tasks.sync", hosts=list(hosts), trigger=trigger, q_options={"group": "sync"})
