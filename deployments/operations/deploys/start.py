"""Begin a Deploy: every guard again, with what is there now, and then the one patch."""

import logging
from datetime import datetime

from django.db import transaction

from deployments.clients.clients import Clients
from deployments.clients.cluster import (
    ClusterError,
    ClusterUnavailable,
    Conflict,
    NoSuchContainer,
    NotFound,
    Throttled,
)
from deployments.clients.github import GitHubError, HeadProblem, HeadQuestion
from deployments.clients.registry import RegistryError
from deployments.facts import StandingHold, hold_on, stopping_holds
from deployments.models import Deploy, Kind, Observation, Status
from deployments.operations.deploys.finish import Ending, finish
from deployments.operations.deploys.guard_input import guard_input_at_start, image_repository
from deployments.operations.deploys.images import note_image
from deployments.operations.deploys.patch import apply, done_before, is_done
from deployments.operations.github_limits import ask_heads
from deployments.queue import enqueue
from deployments.rules.guards import first_refusal
from deployments.rules.images import parse_image
from deployments.rules.workloads import OUR_MANAGER, Workload, containers

logger = logging.getLogger(__name__)
READ_AGAIN_AT_MOST = 5


class Refused(Exception):
    """A guard's sentence, or an outside system's refusal: this Deploy ends here."""


class TryLater(Exception):
    """An outside system does not answer: this Deploy stays queued, and the tick takes it up again."""


def start_deploy(
    *, deploy_id: int, clients: Clients, now: datetime, image_prefixes: tuple[str, ...] | None = None
) -> Deploy | None:
    """Take a queued Deploy through the guards and patch its Deployment; return it, None where nothing is queued.

    `image_prefixes` are what the names of images begin with that this worker may run; None: any.
    Safe to run twice and to be killed anywhere: what the patch asks for is compared with what is there, so a second run
    finds its own work done.
    """
    deploy = (
        Deploy.objects.select_related("site__observation").filter(pk=deploy_id, status=Status.QUEUED).first()
    )
    if deploy is None:
        return None
    try:
        patched = _done_before(deploy, clients)
        if patched is None:
            _check_place(deploy, image_prefixes)
            _check_commit_and_image(deploy, clients, now=now)
            patched = _patch(deploy, clients, now=now)
    except Refused as refusal:
        _refuse(deploy, str(refusal), now=now)
    except TryLater as problem:
        logger.warning("Deploy %s waits: %s", deploy.pk, problem)
        deploy.note(now=now, message=str(problem))
    else:
        _roll_out(deploy, patched, now=now)
    return deploy


def _refuse(deploy: Deploy, refusal: str, *, now: datetime) -> None:
    asked = f"asked for by {deploy.requested_by_name}"
    message = (
        f"Refused Deploy {deploy.pk} of {deploy.sha[:7]}, {asked}, before anything was changed. {refusal}"
    )
    # Another run may have begun with it meanwhile: then it is under way.
    finish(deploy, Ending.REFUSED, refusal, audited=message, now=now)


def _roll_out(deploy: Deploy, patched: Workload, *, now: datetime) -> None:
    wanted = patched.counts.wanted
    with transaction.atomic():
        if deploy.move(
            Status.ROLLING_OUT,
            now=now,
            message="The cluster accepted the new image.",
            patched_at=now,
            wanted=wanted,
            digest=deploy.digest,
        ):
            Observation.objects.filter(site=deploy.site).update(
                desired_image=deploy.image, desired_sha=deploy.sha, desired_by=OUR_MANAGER, desired_at=now,
                accepted_image=deploy.image, resource_version="",
            )  # fmt: skip
            enqueue.follow()


def _check_place(deploy: Deploy, image_prefixes: tuple[str, ...] | None) -> None:
    # The mapping lies where web can write; this says what web cannot change. A restart runs what runs already.
    is_restart = deploy.kind == Kind.RESTART
    if refusal := first_refusal(
        guard_input_at_start(deploy, allowed_prefixes=None if is_restart else image_prefixes)
    ):
        raise Refused(refusal)


def _check_commit_and_image(deploy: Deploy, clients: Clients, *, now: datetime) -> None:
    try:
        is_on_branch = _is_on_branch(deploy, clients, now=now)
        digest = clients.registry.digest(parse_image(deploy.image))
    except (GitHubError, RegistryError) as error:
        raise TryLater(f"{error} Headway keeps trying.") from error
    is_built, deploy.digest = digest is not None, digest or ""
    note_image(deploy.site, deploy.image, is_there=is_built, now=now)
    refusal = first_refusal(guard_input_at_start(deploy, is_on_branch=is_on_branch, is_image_built=is_built))
    if refusal:
        raise Refused(refusal)


def _is_on_branch(deploy: Deploy, clients: Clients, *, now: datetime) -> bool:
    site = deploy.site
    seen = site.observation
    if deploy.kind != Kind.DEPLOY:
        # It ran here before: that was looked at when it was asked for, and GitHub may be down when somebody has to go back.
        return True
    if deploy.sha == seen.head_sha or site.deploys.filter(sha=deploy.sha, status=Status.SUCCEEDED).exists():
        return True
    question = HeadQuestion(
        key=0, owner=site.owner, repository=site.repository, branch=site.branch, running=deploy.sha
    )
    head = ask_heads(clients.github, [question], now=now).heads[0]
    if isinstance(head, HeadProblem):
        raise head.error
    return head.running_sha == deploy.sha and head.ahead_by == 0


def _done_before(deploy: Deploy, clients: Clients) -> Workload | None:
    try:
        return done_before(deploy, cluster=clients.cluster)
    except ClusterError as error:
        raise TryLater(f"{error} Headway keeps trying.") from error


def _patch(deploy: Deploy, clients: Clients, *, now: datetime) -> Workload:
    site = deploy.site
    for _ in range(READ_AGAIN_AT_MOST):
        try:
            deployment = clients.cluster.deployment(site.namespace, site.deployment)
            _check_workload(deploy, deployment, now=now)
            if not deploy.mark_patch_sent(now=now):
                raise Refused("Cancelled before anything was changed.")
            return apply(deploy, deployment, cluster=clients.cluster)
        except Conflict:
            continue
        except (NotFound, NoSuchContainer) as error:
            raise Refused(str(error)) from error
        except (ClusterUnavailable, Throttled) as error:
            raise TryLater(f"{error} Headway keeps trying.") from error
        except ClusterError as error:
            raise Refused(str(error)) from error
    raise TryLater("The Deployment keeps changing while Headway looks at it. Headway keeps trying.")


def _stopping(deploy: Deploy, *, now: datetime) -> tuple[StandingHold, ...]:
    holds = StandingHold.all(now=now)
    return stopping_holds(deploy.site, kind=deploy.kind, sha=deploy.sha, holds=holds)


def _check_workload(deploy: Deploy, deployment: Workload, *, now: datetime) -> None:
    site = deploy.site
    present = containers(deployment).get(site.container)
    if is_done(deploy, deployment, present=present):
        return
    if deploy.kind == Kind.RESTART and deployment.is_paused:
        raise Refused("The Deployment is paused: resume it with kubectl rollout resume, then restart.")
    missing = "" if present is not None else (
        f"Deployment {site.deployment} has no container named {site.container}: correct the mapping's container."
    )  # fmt: skip
    refusal = first_refusal(
        guard_input_at_start(
            deploy,
            workload_missing=missing,
            present_repository=None
            if present and present == deploy.accepts_image
            else image_repository(present or ""),
            hold=hold_on(site, sha=deploy.sha, holds=_stopping(deploy, now=now)),
            seen=deploy.from_image,
            present=present or "",
        )
    )
    if refusal:
        raise Refused(refusal)
