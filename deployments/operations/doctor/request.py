"""Request an examination. A worker runs it: only it has the credentials and network access."""

from datetime import datetime

from django.db import transaction

from deployments.models import Examination, MappingCheck, Site
from deployments.queue import enqueue


def request_examination(*, now: datetime) -> None:
    """Queue one, and record the request on its row."""
    with transaction.atomic():
        Examination.record(asked_at=now)
        enqueue.doctor()


def request_mapping_check(*, site: Site, now: datetime) -> None:
    """Have a worker check whether what a mapping names is there."""
    with transaction.atomic():
        MappingCheck.ask(site.pk, now=now)
        enqueue.check_mapping(site.pk)


def note_untrusted_proxy(*, now: datetime) -> None:
    """Record for the doctor that a proxy is in front of web which web is not configured to trust. Runs two SQL queries."""
    Examination.record(untrusted_proxy_at=now)
