"""Ask for an examination; a worker makes it: only it has the credentials, and what they need."""

from datetime import datetime

from django.db import transaction

from deployments.models import Examination
from deployments.queue import enqueue


def request_examination(*, now: datetime) -> None:
    """Queue one, and note on its row that it was asked for."""
    with transaction.atomic():
        Examination.record(asked_at=now)
        enqueue.doctor()
