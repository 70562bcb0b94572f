"""Have a worker list a site's pods or read a log; web has no access to the cluster. The result is kept for minutes."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from deployments.models import AuditEvent, ContainerLog, PodCheck, Site
from deployments.models.pod_check import KEPT_FOR
from deployments.operations import audit
from deployments.queue import enqueue
from deployments.rules.pod_list import LogChoice


def request_pods(*, site: Site, now: datetime) -> None:
    """Have a worker list the site's pods, unless one is at it."""
    with transaction.atomic():
        check = PodCheck.objects.filter(site=site).only("asked_at", "checked_at").first()
        if check and check.is_under_way(now=now):
            return
        PodCheck.objects.bulk_create(
            [PodCheck(site=site, asked_at=now)],
            update_conflicts=True,
            update_fields=["asked_at"],
            unique_fields=["site"],
        )
        enqueue.check_pods(site.pk)


def request_log(
    *, site: Site, namespace: str, pod: str, choice: LogChoice, by: User, now: datetime
) -> ContainerLog:
    """Have a worker read a log of a pod; where `choice` names no container, of the one that says most. The audit notes who asked."""
    with transaction.atomic():
        log = ContainerLog(
            site=site,
            namespace=namespace,
            pod=pod,
            container=choice.container,
            previous=choice.previous,
            asked_at=now,
        )
        unique = ["site", "namespace", "pod", "container", "previous"]
        (log,) = ContainerLog.objects.bulk_create(
            [log], update_conflicts=True, update_fields=["asked_at"], unique_fields=unique
        )
        enqueue.read_log(log.pk)
        _note(log, by=by, now=now)
    return log


def note_reader(*, log: ContainerLog, by: User, now: datetime) -> None:
    """Note that someone opened a log, once for each time that it was read; who requested it is noted already. Runs one SQL query, or two."""
    noted = AuditEvent.objects.filter(
        kind=AuditEvent.Kind.LOG, actor=by, site_id=log.site_id, message=_message(log), at__gte=log.asked_at
    )
    if not noted.exists():
        _note(log, by=by, now=now)


def _note(log: ContainerLog, *, by: User, now: datetime) -> None:
    audit.record(AuditEvent.Kind.LOG, _message(log), by=by, site=log.site, now=now)


def _message(log: ContainerLog) -> str:
    """As requested; where no container was named, a worker chose one."""
    of = f"the log of container {log.container} of pod" if log.container else "a log of pod"
    run = ", its previous run" if log.previous else ""
    return f"Read {of} {log.namespace}/{log.pod}{run}."


def forget_logs(*, now: datetime) -> None:
    """Delete what was kept for its minutes."""
    ContainerLog.objects.filter(asked_at__lt=now - KEPT_FOR).delete()
    PodCheck.objects.filter(asked_at__lt=now - KEPT_FOR).delete()
