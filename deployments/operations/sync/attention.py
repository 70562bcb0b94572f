"""Which sites have begun to need attention: found by the sync, notified in a separate task."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from deployments.models import PushSubscription, Site, Status
from deployments.operations.sync.decide import Decision
from deployments.queries import answers_of
from deployments.queue import enqueue
from deployments.rules.autodeploy import Go
from deployments.rules.site_state import State


def states_before(sites: Sequence[Site], *, now: datetime) -> dict[int, State]:
    """Return the states of these sites by their keys, as far as anyone subscribes. Runs at most two SQL queries."""
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
    if site.pk not in before or not state.needs_attention or state is before[site.pk]:
        return False
    return not _is_told_elsewhere(decision) and not isinstance(decision.verdict, Go)


def _is_told_elsewhere(decision: Decision) -> bool:
    """Whether something else says so: the failed Deploy's own notification, or for what is not known, the sync's ping.

    An outage makes every site unknown at once: it is not worth one notification a site.
    """
    state, latest = decision.answer.state, decision.site.observation.latest_deploy
    has_failed = latest is not None and latest.status in Status.FAILURES
    return state is State.UNKNOWN or (state is State.FAILED and has_failed)
