"""The change that a Deploy makes in the cluster: one patch for each workload, with every guard checked against the cluster just before."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from deployments.clients.cluster import (
    Cluster,
    ClusterError,
    ClusterRefused,
    ClusterUnavailable,
    Conflict,
    DryRunNotSupported,
    NotFound,
    Throttled,
)
from deployments.facts import StandingHold, hold_on, stopping_holds
from deployments.models import Deploy, DeployStep, Kind
from deployments.operations.authorization import is_administrator
from deployments.operations.deploys.deploy_request import guard_input_at_start, image_repository
from deployments.operations.deploys.rewritten import asked_image
from deployments.operations.deploys.steps import assign_containers
from deployments.rules.autodeploy import NOT_TRIED
from deployments.rules.guards import first_refusal
from deployments.rules.managers import not_ours_to_change
from deployments.rules.ours import DEPLOY_ANNOTATION, is_ours, is_rewriting_of
from deployments.rules.restarts import restarted_at
from deployments.rules.targets import no_target
from deployments.rules.wording import short
from deployments.rules.workloads import Workload, WorkloadKind, all_images, is_same_image

READ_AGAIN_AT_MOST = 5
DENIED_AT_MOST = timedelta(minutes=1)
T = TypeVar("T")
Seen = Mapping[int, Workload]
"""What the cluster shows for each step, by its key."""


class Refused(Exception):
    """A guard's sentence, or an outside system's refusal: this Deploy ends here."""

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class TryLater(Exception):
    """An outside system does not answer: this Deploy stays queued, and is taken up again in a moment."""


def apply_guarded(deploy: Deploy, steps: Sequence[DeployStep], *, cluster: Cluster, now: datetime) -> None:
    """Change every workload that is not changed yet. Raises Refused, TryLater: some may be changed by then."""
    guarded(lambda: _apply_once(deploy, steps, cluster, now=now), deploy, now=now)


def check_guarded(deploy: Deploy, steps: Sequence[DeployStep], *, cluster: Cluster, now: datetime) -> None:
    """Let every guard of every workload speak, and every change be tried, without a change. Raises Refused, TryLater."""
    guarded(lambda: _check_all(deploy, steps, cluster, rehearses=True, now=now), deploy, now=now)


def guarded(question: Callable[[], T], deploy: Deploy, *, now: datetime) -> T:
    """Ask the cluster, again where what was read has changed meanwhile, and return its answer. Raises Refused, TryLater."""
    for _ in range(READ_AGAIN_AT_MOST):
        try:
            return question()
        except Conflict:
            continue
        except (ClusterUnavailable, Throttled) as error:
            raise TryLater(f"{error} Retrying.") from error
        except ClusterRefused as error:
            raise _denied(deploy, error, now=now) from error
        except ClusterError as error:
            raise Refused(str(error)) from error
    raise TryLater("The workload keeps changing while Headway reads it. Retrying.")


def _check_all(
    deploy: Deploy, steps: Sequence[DeployStep], cluster: Cluster, *, rehearses: bool, now: datetime
) -> tuple[Seen, list[DeployStep]]:
    """Guard every workload before the first is changed, and try every change where something else is changed before it.

    Returns what is there, and the steps that are still to be done.
    """
    seen = {step.pk: cluster.workload(*_place(step)) for step in steps}
    for step in steps:
        _check_workload(deploy, step, seen[step.pk], now=now)
    pending = [step for step in steps if not is_done(step, seen[step.pk])]
    if rehearses and deploy.kind != Kind.RESTART:
        for step in pending:
            _rehearse(step, seen[step.pk], cluster)
    return seen, pending


def _apply_once(deploy: Deploy, steps: Sequence[DeployStep], cluster: Cluster, *, now: datetime) -> None:
    # A single patch needs no rehearsal: refused, it has changed nothing.
    seen, pending = _check_all(deploy, steps, cluster, rehearses=len(steps) > 1, now=now)
    if not deploy.mark_patch_sent(now=now):
        raise Refused("Cancelled before anything was changed.")
    for step in steps:
        before = seen[step.pk]
        if step in pending:
            after = apply(step, before, cluster=cluster)
            _check_answer(step, before=before, after=after)
        else:
            after = before
        note_applied(step, after, now=now)


def _rehearse(step: DeployStep, workload: Workload, cluster: Cluster) -> None:
    """Let admission and quotas refuse the change before anything has changed.

    https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run. A webhook that cannot be asked so is asked by the change itself.
    """
    with suppress(DryRunNotSupported):
        _check_answer(step, before=workload, after=apply(step, workload, cluster=cluster, dry_run=True))


def note_applied(step: DeployStep, after: Workload, *, now: datetime) -> None:
    """Write down what the cluster has made of the change."""
    applied = all_images(after).get(step.container, "")
    step.note(
        applied_image="" if is_same_image(applied, step.deploy.image) else applied,
        patched_at=step.patched_at or now,
        wanted=after.counts.wanted,
    )


def _denied(deploy: Deploy, error: ClusterRefused, *, now: datetime) -> Exception:
    """How a 401 or 403 is handled: an API server that is starting answers them until it has loaded its RBAC, and tokens are renewed."""
    if not error.status or error.is_by_policy:
        return Refused(str(error))
    since = deploy.denied_since or now
    if now - since >= DENIED_AT_MOST:
        return Refused(str(error), reason=NOT_TRIED)
    deploy.note(now=now, denied_since=since)
    return TryLater(f"{error} Retrying for a minute.")


def _stopping(deploy: Deploy, *, now: datetime) -> tuple[StandingHold, ...]:
    holds = StandingHold.all(now=now)
    return stopping_holds(deploy.site, kind=deploy.kind, sha=deploy.sha, holds=holds)


def _check_workload(deploy: Deploy, step: DeployStep, workload: Workload, *, now: datetime) -> None:
    """Raise Refused where the workload may not be changed; else the step knows afterwards which containers it changes."""
    if step.patched_at is None:
        assign_containers(step, workload)
    if is_done(step, workload):
        return
    present = all_images(workload).get(step.container, "")
    asked = asked_image(deploy.site, workload, container=step.container)
    # Its pods may run for long beside the new ones, and by then nothing else says what they are.
    step.note(from_image=present, from_requested_image="" if asked == present else asked)
    if refusal := not_ours_to_change(workload):
        raise Refused(refusal)
    if deploy.kind == Kind.RESTART and workload.is_paused:
        raise Refused(f"The {workload.kind} is paused. Resume it with kubectl rollout resume, then restart.")
    if refusal := _first_refusal(deploy, step, workload, asked=asked, now=now):
        raise Refused(refusal)


def _first_refusal(deploy: Deploy, step: DeployStep, workload: Workload, *, asked: str, now: datetime) -> str:
    site = deploy.site
    present = all_images(workload).get(step.container)
    foreign = _foreign_image(step, workload)
    # Rewritten since it was seen, without anyone requesting it.
    is_as_seen = asked != present and asked in {deploy.from_image, site.observation.requested_image}
    guard_input = guard_input_at_start(
        deploy,
        workload_missing="" if present is not None else no_target(workload, step.reference),
        present_repository=image_repository(foreign or asked),
        accepts_other_app=not foreign and bool(present) and present == deploy.accepts_image,
        is_by_administrator=is_administrator(deploy.requested_by),
        hold=hold_on(site, sha=deploy.sha, holds=_stopping(deploy, now=now)),
        # The person saw what the first workload runs; what the others run is brought to the same commit.
        seen=deploy.from_image if step.position == 0 else "",
        present="" if step.position else deploy.from_image if is_as_seen else present or "",
    )
    return first_refusal(guard_input)


def _foreign_image(step: DeployStep, workload: Workload) -> str:
    """Another app's image that nobody has agreed to replace, in one of the containers that get this site's; empty: there is none."""
    site, present = step.deploy.site, all_images(workload)
    for container in step.containers:
        image = present.get(container, "")
        if image != step.deploy.accepts_image and not site.owns(
            asked_image(site, workload, container=container)
        ):
            return image
    return ""


def _check_answer(step: DeployStep, *, before: Workload, after: Workload) -> None:
    """An admission may spell the image otherwise; one that leaves what was there has refused the change."""
    if step.deploy.kind == Kind.RESTART:
        return
    for container in step.containers:
        kept, answered = (all_images(each).get(container, "") for each in (before, after))
        if is_same_image(kept, answered) and not is_rewriting_of(
            answered, asked=step.deploy.image, digest=step.deploy.digest
        ):
            raise Refused(
                f"The cluster accepted the change and left the image at {kept}: a webhook restores it. "
                "Change its policy, or deploy with the tool that manages it."
            )


CAUSE_ANNOTATION = "kubernetes.io/change-cause"
CAUSE_LENGTH = 200
DID = {Kind.DEPLOY: "deployed", Kind.ROLLBACK: "rolled back to", Kind.RESTART: "restarted"}


def annotations_of(deploy: Deploy) -> dict[str, str]:
    """What a changed object says about the change."""
    did = DID[Kind(deploy.kind)]
    cause = f"Headway: {deploy.requested_by_name} {did} {short(deploy.sha)} {deploy.headline}"
    return {CAUSE_ANNOTATION: cause[:CAUSE_LENGTH].rstrip(), DEPLOY_ANNOTATION: str(deploy.pk)}


def apply(step: DeployStep, workload: Workload, *, cluster: Cluster, dry_run: bool = False) -> Workload:
    """Make the one change that this step asks for, or only try it; return the workload as it is then. Raises ClusterError."""
    deploy, annotations = step.deploy, annotations_of(step.deploy)
    if deploy.kind == Kind.RESTART:
        return cluster.restart(workload, at=deploy.restarted_at, annotations=annotations)
    images = dict.fromkeys(step.containers, str(deploy.image))
    return cluster.set_images(workload, images=images, annotations=annotations, dry_run=dry_run)


def is_done(step: DeployStep, workload: Workload) -> bool:
    """Whether the workload was changed so already, whatever admission has made of the image."""
    deploy = step.deploy
    if deploy.kind == Kind.RESTART:
        if workload.kind == WorkloadKind.CRON_JOB:
            # It has no pods itself, and each of its Jobs starts with new ones.
            return True
        if restarted_at(workload.template) != deploy.restarted_at:
            return False
    return has_our_image(step, workload)


def has_our_image(step: DeployStep, workload: Workload) -> bool:
    """Whether all its containers have the image that this Deploy gave them, or that a restart found there."""
    deploy = step.deploy
    return bool(step.containers) and all(
        is_ours(
            workload,
            container=container,
            images=(deploy.image, step.applied_image),
            digest=deploy.digest,
            deploy_id=deploy.pk,
            sets_image=deploy.kind != Kind.RESTART,
        )
        for container in step.containers
    )


def changed_before(deploy: Deploy, steps: Iterable[DeployStep], *, cluster: Cluster) -> Seen:
    """The workloads that a worker which has died, or has heard no answer, changed already: no guard can stop that now.

    Empty where no patch was sent, or it had no effect. Raises ClusterError.
    """
    if deploy.patch_sent_at is None:
        return {}
    seen: dict[int, Workload] = {}
    for step in steps:
        with suppress(NotFound):
            workload = cluster.workload(*_place(step))
            if is_done(step, workload):
                seen[step.pk] = workload
    return seen


def _place(step: DeployStep) -> tuple[WorkloadKind, str, str]:
    return WorkloadKind(step.kind), step.namespace, step.name
