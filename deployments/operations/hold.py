"""Hold a site, one commit of it or everything, and resume it."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F

from deployments.models import AuditEvent, Deploy, Hold, Site
from deployments.operations import audit
from deployments.operations.reauthentication import require_for_resuming
from deployments.rules.findings import what_is_held
from deployments.rules.reauth_reasons import NEVER, Authentication
from deployments.rules.times import OUT_OF_RANGE, is_in_range
from deployments.rules.wording import moment

ITS_OWN_END = "its own end"


class UnableToHold(Exception):
    """The sentence says why, and what to do."""


def place_hold(
    *,
    site: Site | None,
    sha: str = "",
    reason: str,
    by: User | None,
    until: datetime | None = None,
    rollback: Deploy | None = None,
    now: datetime,
) -> Hold:
    """Stop `site` (None: everything), or only its commit `sha`, until resumed or `until` has come.

    `by` is None where Headway itself holds a commit that it has rolled back from; `rollback` is what the Hold protects.

    Raises UnableToHold where the reason is empty, the end is past, or such a Hold is already active.
    """
    reason = reason.strip()
    if not reason:
        raise UnableToHold("Enter a reason, so that others know why.")
    if until is not None and not is_in_range(until):
        raise UnableToHold(OUT_OF_RANGE)
    if until is not None and until <= now:
        raise UnableToHold("The hold's end is in the past. Choose a later time, or none.")
    resume_expired(now=now)
    try:
        with transaction.atomic():
            hold = Hold.objects.create(
                site=site,
                sha=sha,
                reason=reason,
                placed_by=by,
                placed_by_name=by.get_username() if by else audit.HEADWAY,
                placed_at=now,
                until=until,
                rollback=rollback,
            )
            message = f"{_placed(hold)}{f' until {moment(until)}' if until else ''}: {reason}"
            audit.record(AuditEvent.Kind.HOLD, message, by=by, site=site, now=now)
            return hold
    except IntegrityError as error:
        raise UnableToHold("This is on hold already. Resume it first.") from error


def resume_expired(*, now: datetime) -> int:
    """Record in the history that Holds expired, each at its own time; return how many did."""
    over = Hold.objects.filter(resumed_at=None, until__lte=now)
    return over.update(resumed_at=F("until"), resumed_by_name=ITS_OWN_END)


def resume_hold(
    *,
    hold_id: int,
    by: User,
    authentication: Authentication = NEVER,
    now: datetime,
) -> bool:
    """Resume what the Hold stopped; False where it was resumed before.

    Raises ReauthenticationRequired where another placed it, and `authentication` is not recent.
    """
    with transaction.atomic():
        hold = Hold.objects.select_related("site").filter(pk=hold_id, resumed_at=None).first()
        if hold:
            require_for_resuming(hold, by=by, authentication=authentication, now=now)
        if not hold or not _resume(hold, by_name=by.get_username(), now=now):
            return False
        message = f"Resumed {_what(hold)}, on hold by {hold.placed_by_name}: {hold.reason}"
        audit.record(AuditEvent.Kind.RESUME, message, by=by, site=hold.site, now=now)
        return True


def resume_hold_of(rollback: Deploy, *, now: datetime) -> None:
    """Resume the commit that this rollback was to leave behind, since it ended before it changed anything."""
    with transaction.atomic():
        for hold in Hold.objects.select_related("site").filter(rollback=rollback, resumed_at=None):
            if _resume(hold, by_name=audit.HEADWAY, now=now):
                message = f"Resumed {_what(hold)}: the rollback that put it on hold ended before it changed anything."
                audit.record(AuditEvent.Kind.RESUME, message, site=hold.site, now=now)


def _resume(hold: Hold, *, by_name: str, now: datetime) -> bool:
    standing = Hold.objects.filter(pk=hold.pk, resumed_at=None)
    return bool(standing.update(resumed_at=now, resumed_by_name=by_name))


def _placed(hold: Hold) -> str:
    return "Paused all deploys" if hold.site_id is None else f"Put {_what(hold)} on hold"


def _what(hold: Hold) -> str:
    return what_is_held(sha=hold.sha, everything=hold.site_id is None)
