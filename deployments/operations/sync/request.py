"""Request a sync, or an image's provenance; a worker runs it."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django_q.models import OrmQ

from deployments.facts import provenance_from_json
from deployments.locks import Lock, try_lock
from deployments.models import AuditEvent, Observation, Site
from deployments.operations import audit
from deployments.queue import broker, enqueue

AFTER_SYNC = "headway-after-sync"
"""No worker takes what is queued under this name."""


def request_sync(*, names: Sequence[str] = (), by: User, now: datetime) -> None:
    """Queue a sync of `names`, or of all sites where none is named, and record in the audit log who requested it."""
    with transaction.atomic():
        site = Site.objects.filter(name=names[0]).first() if len(names) == 1 else None
        what = "every site" if not names else "this site" if site else f"{len(names)} sites"
        audit.record(AuditEvent.Kind.SYNC, f"Requested a sync of {what}.", by=by, site=site, now=now)
        enqueue.sync(names=names, trigger="person")


def request_provenance(seen: Observation, *, now: datetime) -> None:
    """Have a worker ask what GitHub lists for the image that would be deployed next, unless that is known or queued.

    One SQL query where it is not known, else none.
    """
    if seen.pk and is_unknown(seen, now=now):
        enqueue.check_provenance(seen.pk, unless_in=enqueue.QueuedEntries())


def is_unknown(seen: Observation, *, now: datetime) -> bool:
    """Whether the image of what would be deployed next is there, and GitHub was not asked about it, or in vain a moment ago."""
    sha = seen.target_sha
    is_built = bool(seen.ready_below) or seen.head_image_built is True
    if not sha or not seen.running_sha or sha == seen.running_sha or not is_built:
        return False
    known = provenance_from_json(seen.provenance)
    return known is None or known.is_due(sha, now=now)


def wait_for_another(*, names: Sequence[str], trigger: str) -> None:
    """Queue a sync for when the running one has ended: that one may have checked before this one was requested.

    One that waits already has yet to run, and is enough where it covers these sites; where it covers others for the
    same reason, these are added to it. Call `let_follow` next.
    """
    with transaction.atomic():
        # One that is being released at this moment is left alone.
        entries = OrmQ.objects.select_for_update(skip_locked=True).filter(key=AFTER_SYNC)
        # One that cannot be read is dropped by the worker that takes it.
        waiting = [(entry, entry.task["kwargs"]) for entry in entries if "kwargs" in entry.task]
        known = [set(kwargs.get("names", ())) for _, kwargs in waiting]
        if any(not there or (names and there.issuperset(names)) for there in known):
            return
        together = set(names)
        for entry, kwargs in waiting if names else ():
            if kwargs.get("trigger") == trigger:
                together |= set(kwargs["names"])
                entry.delete()
        enqueue.sync(names=sorted(together), trigger=trigger, under=AFTER_SYNC)


def let_follow() -> None:
    """Let workers take the syncs that wait for another one, unless one is running: call this after each sync."""
    with try_lock(Lock.SYNC) as is_free:
        pass
    if is_free:
        broker.resume_entries(AFTER_SYNC)
