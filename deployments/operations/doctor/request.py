"""Ask for an examination; a worker makes it: only it has the credentials, and what they need."""

from datetime import datetime

from django.db import transaction

from deployments.models import Examination, MappingCheck, Site
from deployments.queue import enqueue


def request_examination(*, now: datetime) -> None:
    """Queue one, and note on its row that it was asked for."""
    with transaction.atomic():
        Examination.record(asked_at=now)
        enqueue.doctor()


def request_mapping_check(*, site: Site, now: datetime) -> None:
    """Have a worker check whether what a mapping names is there."""
    with transaction.atomic():
        MappingCheck.ask(site.pk, now=now)
        enqueue.check_mapping(site.pk)


def note_untrusted_proxy(*, now: datetime) -> None:
    """Keep for the doctor that a proxy stands in front of web, and that web was not told to trust one. Two statements."""
    Examination.record(untrusted_proxy_at=now)
