"""Remember the last message that a door refused, for the person who is setting it up."""

from datetime import datetime

from deployments.models import HookRefusal
from deployments.rules.hooks.hint import Door


def note_refusal(*, door: Door, message: str, now: datetime) -> None:
    """Runs one SQL query."""
    HookRefusal.objects.bulk_create(
        [HookRefusal(door=door, at=now, message=message)],
        update_conflicts=True,
        unique_fields=["door"],
        update_fields=["at", "message"],
    )
