"""Begin a Deploy: every guard again, with what is there now, and then the one patch."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from deployments.clients.clients import Clients
from deployments.clients.cluster import ClusterError
from deployments.clients.github import GitHubError, HeadProblem, HeadQuestion
from deployments.clients.registry import RegistryError
from deployments.models import Deploy, Kind, Observation, Status
from deployments.operations.authorization import no_longer_allowed
from deployments.operations.deploys.deploy_request import guard_input_at_start
from deployments.operations.deploys.finish import Ending, finish
from deployments.operations.deploys.images import note_image
from deployments.operations.deploys.patch import Refused, TryLater, apply_guarded, done_before
from deployments.operations.deploys.rewritten import update_requested_image
from deployments.operations.github_limits import ask_heads
from deployments.queue import enqueue
from deployments.rules.guards import first_refusal
from deployments.rules.images import UnableToParseImage, parse_image
from deployments.rules.notes import another_repository, is_another
from deployments.rules.wording import short
from deployments.rules.workloads import OUR_MANAGER, Workload, containers, is_same_image

logger = logging.getLogger(__name__)
AGAIN_SOON_FOR = timedelta(minutes=2)


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
            _check_person(deploy)
            _check_place(deploy, image_prefixes)
            _check_commit_and_image(deploy, clients, now=now)
            patched = apply_guarded(deploy, cluster=clients.cluster, now=now)
    except Refused as refusal:
        _refuse(deploy, refusal, now=now)
    except TryLater as problem:
        logger.warning("Deploy %s waits: %s", deploy.pk, problem)
        deploy.note(now=now, message=str(problem))
        _try_again(deploy, now=now)
    else:
        _roll_out(deploy, patched, now=now)
    return deploy


def _try_again(deploy: Deploy, *, now: datetime) -> None:
    """Soon after a blip; what lasts longer is left to the tick."""
    if deploy.queued_at is None or now - deploy.queued_at < AGAIN_SOON_FOR:
        enqueue.start_deploy(deploy.pk, after_a_blip=True)


def _refuse(deploy: Deploy, refusal: Refused, *, now: datetime) -> None:
    asked = f"asked for by {deploy.requested_by_name}"
    message = (
        f"Refused Deploy {deploy.pk} of {short(deploy.sha)}, {asked}, before anything was changed. {refusal}"
    )
    # Another run may have begun with it meanwhile: then it is under way.
    finish(deploy, Ending.REFUSED, str(refusal), reason=refusal.reason, audited=message, now=now)


def _roll_out(deploy: Deploy, patched: Workload, *, now: datetime) -> None:
    wanted, applied = patched.counts.wanted, containers(patched).get(deploy.site.container, "")
    with transaction.atomic():
        if deploy.move(
            Status.ROLLING_OUT,
            now=now,
            message="The cluster accepted the new image.",
            patched_at=now,
            wanted=wanted,
            digest=deploy.digest,
            applied_image="" if is_same_image(applied, deploy.image) else applied,
            denied_since=None,
        ):
            Observation.objects.filter(site=deploy.site).update(
                desired_image=deploy.set_image,
                desired_sha=deploy.sha,
                desired_by=OUR_MANAGER,
                desired_at=now,
                accepted_image=deploy.set_image,
                resource_version="",
            )
            update_requested_image(deploy)
            enqueue.follow()


def _check_person(deploy: Deploy) -> None:
    if refusal := no_longer_allowed(deploy):
        raise Refused(refusal)


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
    except UnableToParseImage as error:
        raise Refused(str(error)) from error
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
    if is_another(head.repository_id, seen.repository_id):
        raise Refused(another_repository(head.name_with_owner))
    return head.running_sha == deploy.sha and head.ahead_by == 0


def _done_before(deploy: Deploy, clients: Clients) -> Workload | None:
    try:
        return done_before(deploy, cluster=clients.cluster)
    except ClusterError as error:
        raise TryLater(f"{error} Headway keeps trying.") from error
