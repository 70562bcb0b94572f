"""Have a worker list a site's pods or read a log; web has no access to the cluster. The result is kept for minutes."""

from datetime import datetime

from django.db import transaction

from deployments.models import ContainerLog, PodCheck, Site
from deployments.models.pod_check import KEPT_FOR
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


def request_log(*, site: Site, namespace: str, pod: str, choice: LogChoice, now: datetime) -> ContainerLog:
    """Have a worker read a log of a pod; where `choice` names no container, of the one that says most."""
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
    return log


def forget_logs(*, now: datetime) -> None:
    """Delete what was kept for its minutes."""
    ContainerLog.objects.filter(asked_at__lt=now - KEPT_FOR).delete()
    PodCheck.objects.filter(asked_at__lt=now - KEPT_FOR).delete()
