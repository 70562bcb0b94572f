"""Receive one hook: its id is recorded, and a worker queues the sync of the sites that it concerns. Nothing else is written from it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto

from django.db import IntegrityError, connection, transaction

from deployments.locks import Lock
from deployments.models import HookDelivery, HookRefusal, HookToken
from deployments.queries.hooks import followed_by_sites
from deployments.queue import enqueue
from deployments.rules.hooks.hint import Door, Hint
from deployments.rules.hooks.matching import Understood, understand

_LONGEST_ID, _LONGEST_EVENT = 200, 40
_LONGEST_TEXT = 1000


class Outcome(Enum):
    TAKEN = auto()
    REPEATED = auto()
    """Its id has come before."""
    REPLAYED = auto()
    """What it says has come before, under another id."""


@dataclass(frozen=True)
class Receipt:
    outcome: Outcome
    names: tuple[str, ...]
    message: str

    def once_only(self) -> "Receipt":
        """Of a token that is good for one message: a second one is a replay."""
        if self.outcome is not Outcome.REPEATED:
            return self
        return replace(self, outcome=Outcome.REPLAYED, names=(), message="This token was used before.")


def understood_by_sites(hint: Hint) -> Understood:
    """Which sites a hint concerns. Runs at most one SQL query."""
    return understand(hint, followed_by_sites(hint))


def receive(
    *,
    door: Door,
    delivery_id: str,
    hint: Hint,
    now: datetime,
    understood: Understood | None = None,
    digest: str | None = None,
    token: HookToken | None = None,
) -> Receipt:
    """Remember a delivery, and have a worker queue its syncs unless one is about to.

    `digest` is of a body that its sender never sends twice under another id.
    """
    found = understood or understood_by_sites(hint)
    concerns = bool(found.names) or (hint.everything and not hint.ignored)
    row = HookDelivery(
        door=door,
        delivery_id=delivery_id[:_LONGEST_ID],
        digest=digest,
        received_at=now,
        event=hint.event[:_LONGEST_EVENT],
        summary=hint.summary[:_LONGEST_TEXT],
        message=found.message[:_LONGEST_TEXT],
        names=list(found.names),
        everything=hint.everything,
        sha=hint.sha if hint.is_push else "",
        before=hint.before,
        state=HookDelivery.State.WAITING if concerns else HookDelivery.State.NOTHING,
        token=token,
    )
    try:
        with transaction.atomic():
            _keep(row)
    except IntegrityError:
        return _known(row)
    return Receipt(Outcome.TAKEN, found.names, found.message)


def _keep(row: HookDelivery) -> None:
    """Where another delivery waits already, its entry of the queue is for this one, too: the lock has a worker see both or neither."""
    is_alone = False
    if row.state == HookDelivery.State.WAITING:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [Lock.HOOKS.value])
        is_alone = not HookDelivery.objects.filter(state=HookDelivery.State.WAITING).order_by().exists()
    row.save(force_insert=True)
    if is_alone:
        enqueue.queue_hook_syncs()


def _known(row: HookDelivery) -> Receipt:
    before = HookDelivery.objects.filter(door=row.door, delivery_id=row.delivery_id).first()
    if before is None:
        return Receipt(Outcome.REPLAYED, (), "The same message was sent before under another id.")
    return Receipt(Outcome.REPEATED, before.sites, f"This was received before. {before.message}")


def note_refusal(*, door: Door, message: str, now: datetime) -> None:
    """Remember the last message that a door refused, for the person who is setting it up. Runs one SQL query."""
    HookRefusal.objects.bulk_create(
        [HookRefusal(door=door, at=now, message=message)],
        update_conflicts=True,
        unique_fields=["door"],
        update_fields=["at", "message"],
    )
