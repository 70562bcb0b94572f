"""Have a worker search the cluster for what could be a site: web has no credentials to search with."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from deployments.models import Discovery
from deployments.queue import enqueue


def request_discovery(*, namespaces: Sequence[str] | None = None, now: datetime) -> None:
    """Queue a search of these namespaces; None: of those that were searched last."""
    asked: dict[str, datetime | list[str]] = {"asked_at": now}
    if namespaces is not None:
        asked["namespaces"] = list(namespaces)
    with transaction.atomic():
        Discovery.record(**asked)
        enqueue.discover()
