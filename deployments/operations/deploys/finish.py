"""The end of a Deploy: every way in which one ends, and what follows from it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from deployments.models import (
    AuditEvent,
    BatchItem,
    Deploy,
    DeployBatch,
    Observation,
    PushSubscription,
    Status,
)
from deployments.operations import audit
from deployments.operations.deploys.rewritten import note_desired, update_requested_image
from deployments.operations.deploys.rollback import roll_back_automatically
from deployments.operations.hold import resume_hold_of
from deployments.queue import enqueue
from deployments.rules.wording import sentences


class Ending(Enum):
    """Every way in which a Deploy ends: when, the status that it then has, and those from which it can end so."""

    SUCCEEDED = "its pods run the commit, and the host answers", Status.SUCCEEDED, (Status.VERIFYING,)
    FAILED = "its rollout failed", Status.FAILED, Status.IN_ROLLOUT
    TIMED_OUT = "its rollout took too long", Status.TIMED_OUT, Status.IN_ROLLOUT
    OUT_OF_SIGHT = "the cluster no longer showed it", Status.TIMED_OUT, Status.IN_ROLLOUT
    SUPERSEDED = "another image was set during its rollout", Status.SUPERSEDED, Status.IN_ROLLOUT
    ABORTED = "a person stopped its rollout to roll back", Status.CANCELLED, Status.IN_ROLLOUT
    CANCELLED = (
        "a person cancelled it in time",
        Status.CANCELLED,
        (Status.WAITING, Status.QUEUED, Status.RELEASING),
    )
    REFUSED = "a guard or the cluster refused it", Status.FAILED, (Status.QUEUED,)
    PARTLY_APPLIED = "a later workload was refused the change", Status.FAILED, (Status.QUEUED,)
    RELEASE_FAILED = "its release job failed, before anything was changed", Status.FAILED, (Status.RELEASING,)
    GIVEN_UP = "the cluster could not be reached for too long", Status.TIMED_OUT, (Status.QUEUED,)
    GIVEN_UP_UNSURE = "the same, after the patch may have arrived", Status.TIMED_OUT, (Status.QUEUED,)
    CI_FAILED = "CI failed while it waited", Status.FAILED, (Status.WAITING,)
    NEVER_BUILT = "it waited for its image for too long", Status.TIMED_OUT, (Status.WAITING,)
    UNREADABLE = "its image's name cannot be read", Status.FAILED, (Status.WAITING,)
    OVERTAKEN = "a newer commit came while it waited", Status.SUPERSEDED, (Status.WAITING,)
    ADOPTED = "it records what someone else deployed", Status.SUCCEEDED, (Status.VERIFYING,)

    def __init__(self, when: str, status: Status, from_statuses: Collection[Status]) -> None:
        self.when = when
        self.status = status
        self.from_statuses = from_statuses


@dataclass(frozen=True, kw_only=True)
class _End:
    deploy: Deploy
    ending: Ending
    by: User | None
    audited: str
    now: datetime


def finish(
    deploy: Deploy,
    ending: Ending,
    message: str,
    *,
    by: User | None = None,
    audited: str = "",
    now: datetime,
    **values: Any,
) -> bool:
    """End the Deploy, with all that follows, in one transaction; False where it cannot, or can no longer, end so.

    `audited` is the audit's sentence where this ending has one, `by` the person who ended it.
    """
    with transaction.atomic():
        if ending in NOTHING_ELSE_CHANGED and (released := _released(deploy)):
            message = sentences(message, released)
        is_ours = deploy.move(
            ending.status, only_from=ending.from_statuses, message=message, now=now, **values
        )
        if is_ours:
            end = _End(deploy=deploy, ending=ending, by=by, audited=audited, now=now)
            for consequence, endings in CONSEQUENCES:
                if ending in endings:
                    consequence(end)
    return is_ours


def _released(deploy: Deploy) -> str:
    """What the cluster has of a Deploy that has changed no workload, as the database knows it now."""
    began, ended = Deploy.objects.values_list("release_started_at", "released_at").get(pk=deploy.pk)
    if ended:
        return f"Release job {deploy.release_job_name} has run before that, and is not undone."
    return f"Release job {deploy.release_job_name} may still be running in the cluster." if began else ""


def _update_observation(end: _End) -> None:
    """Pages show what runs at once; the sync checks the rest."""
    deploy = end.deploy
    seen = Observation.objects.filter(site_id=deploy.site_id)
    if not deploy.wanted:
        # No pod has shown that it runs: the sync that follows finds out.
        note_desired(deploy, now=end.now)
        return
    seen.update(
        running_sha=deploy.sha,
        desired_sha=deploy.sha,
        desired_image=deploy.set_image,
        accepted_image=deploy.set_image,
        ready=deploy.ready,
        wanted=deploy.wanted,
        resource_version="",
        workloads=None,
    )
    update_requested_image(deploy)
    seen.filter(head_sha=deploy.sha).update(behind_by=0, ahead_by=0)


def _note_desired(end: _End) -> None:
    """What has been changed is known from then on, and can be taken back."""
    first = end.deploy.steps.first()
    if first and first.patched_at:
        end.deploy.applied_image = first.applied_image
        note_desired(end.deploy, now=end.now)


def _accept_image(end: _End) -> None:
    """What runs was seen already: from now on it counts as right."""
    seen = Observation.objects.filter(site_id=end.deploy.site_id)
    seen.update(accepted_image=end.deploy.image, requested_image="")


def _resume_commit_left_behind(end: _End) -> None:
    """The Hold that a rollback placed ends with a rollback that changed nothing."""
    resume_hold_of(end.deploy, now=end.now)


def _check_rollback_images(end: _End) -> None:
    enqueue.check_rollback_images(end.deploy.site_id)


def _roll_back_automatically(end: _End) -> None:
    roll_back_automatically(end.deploy, now=end.now)


def _continue_batches(end: _End) -> None:
    if BatchItem.objects.filter(deploy=end.deploy, batch__state=DeployBatch.State.RUNNING).exists():
        enqueue.continue_batches()


def _sync_site(end: _End) -> None:
    trigger = "refusal" if end.ending is Ending.REFUSED else "deploy"
    enqueue.sync(names=[end.deploy.site.name], trigger=trigger, together=True)


def _notify(end: _End) -> None:
    """In its own task: its failure is not the Deploy's."""
    if PushSubscription.objects.exists():
        enqueue.notify_deploy_ended(end.deploy.pk)


def _audit(end: _End) -> None:
    audit.record(AUDITED_AS[end.ending], end.audited, by=end.by, site=end.deploy.site, now=end.now)


AUDITED_AS = {
    Ending.CANCELLED: AuditEvent.Kind.CANCEL,
    Ending.ABORTED: AuditEvent.Kind.CANCEL,
    Ending.REFUSED: AuditEvent.Kind.REFUSAL,
    Ending.ADOPTED: AuditEvent.Kind.ADOPT,
}
FOLLOWED = frozenset(
    {
        *(Ending.SUCCEEDED, Ending.FAILED, Ending.TIMED_OUT, Ending.OUT_OF_SIGHT, Ending.SUPERSEDED),
        Ending.PARTLY_APPLIED,
    }
)
NOTHING_CHANGED = frozenset({Ending.CANCELLED, Ending.REFUSED, Ending.GIVEN_UP, Ending.RELEASE_FAILED})
NOTHING_ELSE_CHANGED = NOTHING_CHANGED - {Ending.RELEASE_FAILED}
"""Those whose sentences do not speak of the release job."""
NOT_SEEN_SINCE = frozenset({Ending.REFUSED, Ending.GIVEN_UP_UNSURE})
"""What the cluster or GitHub shows differs from what was observed, or may."""
EVERY = frozenset(Ending)
NEITHER_GOOD_NOR_BAD = frozenset(
    {Ending.SUPERSEDED, Ending.ABORTED, Ending.CANCELLED, Ending.OVERTAKEN, Ending.ADOPTED}
)

CONSEQUENCES: tuple[tuple[Callable[[_End], None], frozenset[Ending]], ...] = (
    (_update_observation, frozenset({Ending.SUCCEEDED})),
    (_note_desired, frozenset({Ending.PARTLY_APPLIED})),
    (_accept_image, frozenset({Ending.ADOPTED})),
    (_resume_commit_left_behind, NOTHING_CHANGED),
    (_check_rollback_images, FOLLOWED),
    (_roll_back_automatically, frozenset({Ending.FAILED, Ending.TIMED_OUT, Ending.PARTLY_APPLIED})),
    (_continue_batches, EVERY),
    (_sync_site, FOLLOWED | NOT_SEEN_SINCE),
    (_notify, EVERY - NEITHER_GOOD_NOR_BAD),
    (_audit, frozenset(AUDITED_AS)),
)
"""What follows, in this order, and from which endings."""
