"""Which sites have begun to wait for a person: found by the sync, told by a task of its own."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from deployments.models import PushSubscription, Site, Status
from deployments.operations.sync.decide import Decision
from deployments.queries import answers_of
from deployments.queue import enqueue
from deployments.rules.autodeploy import Go
from deployments.rules.site_state import State

WAITING_FOR_A_PERSON = frozenset({State.READY, State.RED, State.DRIFTED, State.MISSING, State.FAILED})
_TOLD_ALREADY = frozenset({Status.FAILED, Status.TIMED_OUT})


def states_before(sites: Sequence[Site], *, now: datetime) -> dict[int, State]:
    """Return the states of these sites by their keys, as far as anybody listens: at most two statements."""
    if not sites or not PushSubscription.objects.exists():
        return {}
    return answers_of(sites, now=now)


def notify_what_waits(decisions: Iterable[Decision], before: dict[int, State]) -> int:
    """Queue one task for each site that waits since now; return their number."""
    waiting = [each for each in decisions if _began_to_wait(each, before)]
    for each in waiting:
        enqueue.notify_site_waits(each.site.pk, each.answer.message)
    return len(waiting)


def _began_to_wait(decision: Decision, before: dict[int, State]) -> bool:
    state, site = decision.answer.state, decision.site
    if site.pk not in before or state not in WAITING_FOR_A_PERSON or state is before[site.pk]:
        return False
    latest = site.observation.latest_deploy
    # How a Deploy ended was told when it did.
    is_stated = state is State.FAILED and latest is not None and latest.status in _TOLD_ALREADY
    return not is_stated and not isinstance(decision.verdict, Go)
