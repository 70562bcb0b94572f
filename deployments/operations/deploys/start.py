"""Start a Deploy: every guard again, against the live cluster, then the release job if the site has one, and then the patches."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from deployments.clients.clients import Clients
from deployments.clients.cluster import ClusterError
from deployments.clients.github import GitHubError, HeadProblem, HeadQuestion
from deployments.clients.registry import RegistryError
from deployments.facts import provenance_from_json
from deployments.models import Deploy, DeployStep, Kind, Observation, Status, Trigger
from deployments.operations.authorization import no_longer_allowed
from deployments.operations.deploys.deploy_request import guard_input_at_start
from deployments.operations.deploys.finish import Ending, finish
from deployments.operations.deploys.images import note_image, pullable
from deployments.operations.deploys.patch import (
    Refused,
    TryLater,
    apply_guarded,
    changed_before,
    note_applied,
)
from deployments.operations.deploys.release import release
from deployments.operations.deploys.rewritten import note_desired
from deployments.operations.deploys.steps import changed_by, steps_of
from deployments.operations.github_limits import ask_heads
from deployments.queries.builds import build_of, image_of_commit, images_of_release
from deployments.queue import enqueue
from deployments.rules.autodeploy import NOT_TRIED
from deployments.rules.builds import not_built_from
from deployments.rules.guards import first_refusal
from deployments.rules.images import UnableToParseImage, parse_image
from deployments.rules.notes import another_repository, is_another
from deployments.rules.provenance import pushed_anew
from deployments.rules.targets import UNMAPPED
from deployments.rules.versions import no_version_of
from deployments.rules.wording import sentences, short

logger = logging.getLogger(__name__)
AGAIN_SOON_FOR = timedelta(minutes=2)


def start_deploy(
    *, deploy_id: int, clients: Clients, now: datetime, image_prefixes: tuple[str, ...] | None = None
) -> Deploy | None:
    """Take a queued Deploy through the guards and patch its workloads; return it, None where nothing is queued.

    `image_prefixes` are what the names of images begin with that this worker may run; None: any.
    Safe to run twice and to be killed anywhere: what each patch asks for is compared with what is there, so a second run
    finds the first one's work done, and continues with the rest.
    """
    deploy = (
        Deploy.objects.select_related("site__observation").filter(pk=deploy_id, status=Status.QUEUED).first()
    )
    if deploy is None:
        return None
    steps = steps_of(deploy)
    try:
        if not _note_changed_before(deploy, steps, clients, now=now):
            _check_person(deploy)
            _check_place(deploy, steps, image_prefixes)
            _check_commit_and_image(deploy, clients, now=now)
        if not all(step.patched_at for step in steps):
            # Again: by label the image is the commit's build, wherever that lies, and that a patch was sent, web may have written.
            _check_place(deploy, steps, image_prefixes)
            if release(deploy, steps, cluster=clients.cluster, now=now):
                return deploy
            apply_guarded(deploy, steps, cluster=clients.cluster, now=now)
    except Refused as refusal:
        _refuse(deploy, steps, refusal, now=now)
    except TryLater as problem:
        logger.warning("Deploy %s waits: %s", deploy.pk, problem)
        deploy.note(now=now, message=str(problem))
        _try_again(deploy, now=now)
    else:
        _roll_out(deploy, steps, now=now)
    return deploy


def _note_changed_before(deploy: Deploy, steps: list[DeployStep], clients: Clients, *, now: datetime) -> bool:
    """Whether a worker that died, or got no answer, already changed a workload: what was started continues."""
    try:
        changed = changed_before(deploy, steps, cluster=clients.cluster)
    except ClusterError as error:
        raise TryLater(f"{error} Retrying.") from error
    for step in steps:
        if step.pk in changed and step.patched_at is None:
            note_applied(step, changed[step.pk], now=now)
    return bool(changed)


def _try_again(deploy: Deploy, *, now: datetime) -> None:
    """Soon after a blip; what lasts longer is left to the tick."""
    if deploy.queued_at is None or now - deploy.queued_at < AGAIN_SOON_FOR:
        enqueue.start_deploy(deploy.pk, after_a_blip=True)


def _refuse(deploy: Deploy, steps: list[DeployStep], refusal: Refused, *, now: datetime) -> None:
    asked = f"requested by {deploy.requested_by_name}"
    if changed := changed_by(steps):
        message = sentences(str(refusal), changed)
        finish(deploy, Ending.PARTLY_APPLIED, message, reason=refusal.reason or "partly_applied", now=now)
        return
    message = (
        f"Refused deploy {deploy.pk} of {short(deploy.sha)}, {asked}, before anything was changed. {refusal}"
    )
    # Another run may have started it meanwhile: then it is running.
    finish(deploy, Ending.REFUSED, str(refusal), reason=refusal.reason, audited=message, now=now)


def _roll_out(deploy: Deploy, steps: list[DeployStep], *, now: datetime) -> None:
    with transaction.atomic():
        if deploy.move(
            Status.ROLLING_OUT,
            now=now,
            message="The cluster accepted the change.",
            patched_at=now,
            wanted=sum(step.wanted for step in steps),
            digest=deploy.digest,
            applied_image=steps[0].applied_image,
            denied_since=None,
        ):
            note_desired(deploy, now=now)
            enqueue.follow()


def _check_person(deploy: Deploy) -> None:
    if refusal := no_longer_allowed(deploy):
        raise Refused(refusal)


def _check_place(deploy: Deploy, steps: list[DeployStep], image_prefixes: tuple[str, ...] | None) -> None:
    if not steps:
        raise Refused(UNMAPPED)
    # The mapping lies where web can write; this says what web cannot change. A restart runs what runs already.
    is_restart = deploy.kind == Kind.RESTART
    if refusal := first_refusal(
        guard_input_at_start(deploy, allowed_prefixes=None if is_restart else image_prefixes)
    ):
        raise Refused(refusal)


def _check_commit_and_image(deploy: Deploy, clients: Clients, *, now: datetime) -> None:
    try:
        is_on_branch = _is_on_branch(deploy, clients, now=now)
        _pin_by_label(deploy, now=now)
        if deploy.site.is_by_release and not parse_image(deploy.image).tag:
            raise Refused(no_version_of(deploy.sha))
        digest = pullable(parse_image(deploy.image), clients.registry)
        digest = digest or _by_another_version(deploy, clients, now=now)
    except UnableToParseImage as error:
        raise Refused(str(error)) from error
    except (GitHubError, RegistryError) as error:
        raise TryLater(f"{error} Retrying.") from error
    is_built, deploy.digest = digest is not None, digest or ""
    note_image(deploy.site, deploy.image, is_there=is_built, now=now)
    refusal = first_refusal(guard_input_at_start(deploy, is_on_branch=is_on_branch, is_image_built=is_built))
    if refusal:
        raise Refused(refusal)
    _check_provenance(deploy)
    if deploy.site.pins_digest and deploy.kind != Kind.RESTART:
        image = parse_image(deploy.image)
        deploy.note(now=now, image=str(image if image.digest else replace(image, digest=digest)))


def _by_another_version(deploy: Deploy, clients: Clients, *, now: datetime) -> str | None:
    """The digest of the latest of the commit's versions that has an image, which the Deploy then runs; None where none has, or the site is not by release."""
    if not deploy.site.is_by_release or deploy.kind != Kind.DEPLOY:
        return None
    for image in images_of_release(deploy.site, deploy.sha):
        if digest := pullable(image, clients.registry):
            deploy.note(now=now, image=str(image))
            return digest
    return None


def _check_provenance(deploy: Deploy) -> None:
    """What automation was allowed for an attestation must be the very image that GitHub lists it for."""
    known = provenance_from_json(deploy.site.observation.provenance)
    if (
        deploy.site.requires_provenance
        and deploy.trigger == Trigger.SYNC
        and deploy.kind == Kind.DEPLOY
        and (known is None or (known.sha, known.digest) != (deploy.sha, deploy.digest))
    ):
        # What was listed for the former image says nothing of this one, which has not been tried.
        Observation.objects.filter(pk=deploy.site_id).update(provenance=None)
        raise Refused(pushed_anew(deploy.image), reason=NOT_TRIED)


def _pin_by_label(deploy: Deploy, *, now: datetime) -> None:
    """A moving tag may lead elsewhere in a moment: what is deployed goes by its digest."""
    if deploy.site.is_by_label and deploy.kind != Kind.RESTART and not parse_image(deploy.image).digest:
        if build_of(deploy.site, deploy.sha) is None:
            raise Refused(not_built_from(deploy.sha))
        deploy.note(now=now, image=image_of_commit(deploy.site, deploy.sha))


def _is_on_branch(deploy: Deploy, clients: Clients, *, now: datetime) -> bool:
    site = deploy.site
    seen = site.observation
    if deploy.kind != Kind.DEPLOY:
        # It ran here before: that was checked when it was requested, and GitHub may be down when someone has to go back.
        return True
    if deploy.sha == seen.head_sha or site.deploys.filter(sha=deploy.sha, status=Status.SUCCEEDED).exists():
        return True
    question = HeadQuestion(
        key=0,
        owner=site.owner,
        repository=site.repository,
        branch=site.branch,
        tag=seen.head_version if site.is_by_release else "",
        running=deploy.sha,
    )
    head = ask_heads(clients.github, [question], now=now).heads[0]
    if isinstance(head, HeadProblem):
        raise head.error
    if is_another(head.repository_id, seen.repository_id):
        raise Refused(another_repository(head.name_with_owner))
    return head.running_sha == deploy.sha and head.ahead_by == 0
