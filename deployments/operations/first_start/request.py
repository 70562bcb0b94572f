"""Have a worker search the cluster for what could be a site: web has no credentials to search with."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from deployments.models import Discovery
from deployments.queue import enqueue


def request_discovery(
    *, namespaces: Sequence[str] | None = None, words: str | None = None, now: datetime
) -> None:
    """Queue a search of these namespaces for what has these words; None: as it was searched last."""
    asked: dict[str, datetime | list[str] | str] = {"asked_at": now}
    if namespaces is not None:
        asked["namespaces"] = list(namespaces)
    if words is not None:
        asked["words"] = words
    with transaction.atomic():
        Discovery.record(**asked)
        enqueue.discover()
