"""Google's messages without incoming requests: a worker pulls them. They are acknowledged once saved; none is lost, and duplicates are harmless."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from deployments.clients.pubsub import Pulled, Subscription, UnableToPull
from deployments.locks import Lock, try_lock
from deployments.operations.hooks.receive import receive
from deployments.rules.hooks import google
from deployments.rules.hooks.hint import Door

logger = logging.getLogger(__name__)
PULLED_FOR = timedelta(seconds=45)
"""By one task, after which another takes over, so that a worker that stops need not wait longer."""
AT_ONCE_SECONDS = 15.0


def pull_hooks(
    *,
    subscription: Subscription,
    clock: Callable[[], datetime],
    for_time: timedelta = PULLED_FOR,
    wait_seconds: float = AT_ONCE_SECONDS,
) -> bool:
    """Receive what is in the subscription and what arrives; return whether to continue: not where another worker pulls, or nothing can be pulled."""
    with try_lock(Lock.PULL) as alone:
        if not alone:
            return False
        until = clock() + for_time
        while clock() < until:
            try:
                pulled = subscription.pull(wait_seconds=wait_seconds)
                for each in pulled:
                    _take_in(each, now=clock())
                subscription.acknowledge([each.ack_id for each in pulled])
            except UnableToPull as error:
                # The tick tries again.
                logger.warning("%s", error)
                return False
    return True


def _take_in(pulled: Pulled, *, now: datetime) -> None:
    hint = google.hint_of(google.decoded(pulled.data))
    receive(door=Door.GOOGLE, delivery_id=pulled.message_id or f"pulled {pulled.ack_id}", hint=hint, now=now)
