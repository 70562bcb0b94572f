"""Ask for an examination; a worker makes it: only it has the credentials, and what they need."""

from datetime import datetime

from django.db import transaction
from django_q.tasks import async_task

from deployments.models import Examination


def request_examination(*, now: datetime) -> None:
    """Queue one, and note on its row that it was asked for."""
    with transaction.atomic():
        Examination.record(asked_at=now)
        async_task("deployments.tasks.doctor", q_options={"group": "doctor"})
