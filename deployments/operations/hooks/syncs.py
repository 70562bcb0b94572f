"""Turn hooks into syncs: one of all sites concerned, however many messages there were."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q

from deployments.locks import Lock
from deployments.models import HookDelivery, Site
from deployments.operations.sync.decide import Decision
from deployments.queue import enqueue
from deployments.rules.hooks.matching import is_late

TRIGGER = "hook"
LATER: dict[str, tuple[str, float]] = {
    TRIGGER: ("hook, 5 s later", 5),
    "hook, 5 s later": ("hook, 15 s later", 10),
    "hook, 15 s later": ("hook, 45 s later", 30),
}
"""After the sync of the one trigger comes that of the other, so many seconds later, where a pushed commit is not visible yet."""
LOOKED_BACK = timedelta(minutes=2)
KEPT = timedelta(days=1)
AT_MOST, WITHIN = 4, timedelta(seconds=4)
"""At most so many syncs are queued in that time: what arrives faster waits for the next."""
UNDER_WAY_AT_MOST = 2
"""One that is running and one that follows it: with more of them, a person's requests would wait behind them."""
PUT_OFF_SECONDS = 0.5


def queue_hook_syncs(*, now: datetime) -> list[str]:
    """Queue one sync of all sites that waiting deliveries concern; return their names. Safe to run twice, and by several at a time."""
    if _is_busy(now=now):
        enqueue.queue_hook_syncs(unless_in=enqueue.QueuedEntries(), after_seconds=PUT_OFF_SECONDS)
        return []
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.HOOKS.value])
        waiting = list(HookDelivery.objects.filter(state=HookDelivery.State.WAITING))
        if not waiting:
            return []
        HookDelivery.objects.filter(pk__in=[row.pk for row in waiting]).update(
            state=HookDelivery.State.QUEUED, queued_at=now
        )
        named = {name for row in waiting for name in row.sites}
        # A mapping may have been deleted meanwhile.
        names = sorted(Site.objects.filter(name__in=named).values_list("name", flat=True)) if named else []
        if any(row.everything for row in waiting):
            enqueue.sync(trigger=TRIGGER)
        elif names:
            enqueue.sync(names=names, trigger=TRIGGER)
    return names


def look_again(decisions: Iterable[Decision], *, trigger: str, now: datetime) -> list[str]:
    """Queue another sync of those whose pushed commit GitHub does not show yet; return their names.

    GitHub's API lags its own hooks by seconds: https://github.com/Shopify/shipit-engine/issues/1417.
    """
    if trigger not in LATER:
        return []
    shown = {each.site.name: each.site.observation.head_sha for each in decisions}
    pushed = HookDelivery.objects.filter(received_at__gt=now - LOOKED_BACK).exclude(sha="").order_by("id")
    newest = {name: (row.sha, row.before) for row in pushed for name in row.sites}
    late = sorted(
        name
        for name, (sha, before) in newest.items()
        if name in shown and is_late(seen=shown[name], sha=sha, before=before)
    )
    if late:
        following, seconds = LATER[trigger]
        with transaction.atomic():
            enqueue.sync(names=late, trigger=following, together=True, after_seconds=seconds)
    return late


def is_left_waiting(*, now: datetime) -> Q:
    """Deliveries that a worker should have turned into a sync by now: it has died, or an entry was lost."""
    return Q(state=HookDelivery.State.WAITING, received_at__lt=now - timedelta(seconds=10))


def prune_deliveries(*, now: datetime) -> int:
    """Throw away what is older than a day but for the last of each door, and its last of use; return their number."""
    newest = HookDelivery.objects.order_by("door", "-id").distinct("door").values_list("pk", flat=True)
    of_use = newest.exclude(state=HookDelivery.State.NOTHING)
    kept = {*newest, *of_use}
    return HookDelivery.objects.filter(received_at__lt=now - KEPT).exclude(pk__in=kept).delete()[0]


def _is_busy(*, now: datetime) -> bool:
    lately = HookDelivery.objects.filter(queued_at__gt=now - WITHIN).order_by()
    if lately.values("queued_at").distinct().count() >= AT_MOST:
        return True
    return enqueue.count_syncs(TRIGGER) >= UNDER_WAY_AT_MOST
