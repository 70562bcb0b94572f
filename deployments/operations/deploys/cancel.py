"""Stop a Deploy: cancel it before it has changed anything, or abort its rollout and roll back."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from deployments.models import Deploy, Kind, Observation, Trigger
from deployments.operations.deploys.deploy_request import DeployRequest, note_refusal
from deployments.operations.deploys.finish import Ending, finish
from deployments.operations.deploys.request import UnableToDeploy
from deployments.operations.deploys.rollback import request_rollback, way_back_from
from deployments.rules.reauth_reasons import NEVER, Authentication
from deployments.rules.wording import short


class UnableToCancel(Exception):
    """The sentence says how far the Deploy has come."""


def cancel_deploy(*, deploy: Deploy, by: User, now: datetime) -> None:
    """End a Deploy that has changed nothing in the cluster yet.

    Raises UnableToCancel once a worker has begun with it.
    """
    message = f"{by.get_username()} cancelled it before anything was changed."
    audited = f"Cancelled deploy {deploy.pk} of {short(deploy.sha)} before anything was changed."
    with transaction.atomic():
        # Locked, so that a worker about to send a patch comes before or after, and never in between.
        unsent = Deploy.objects.select_for_update().filter(pk=deploy.pk, patch_sent_at=None)
        if unsent.first() is None or not finish(
            deploy, Ending.CANCELLED, message, by=by, audited=audited, now=now
        ):
            raise UnableToCancel("Too late to cancel. The cluster already has the change.")


def abort_and_roll_back(
    *, deploy: Deploy, by: User, authentication: Authentication = NEVER, now: datetime
) -> Deploy:
    """End an active rollout, and start the rollback to what ran before: both, or neither.

    Raises UnableToCancel where it has ended meanwhile, UnableToDeploy where there is no way back.
    """
    site = deploy.site
    target = way_back_from(deploy)
    deploy_request = DeployRequest(sha=target, seen_sha="", trigger=Trigger.PERSON, by=by, kind=Kind.ROLLBACK)
    try:
        with transaction.atomic():
            message = f"Aborted by {by.get_username()}: rolling back to {short(target)}."
            audited = f"Aborted deploy {deploy.pk} of {short(deploy.sha)} while it rolled out."
            if not finish(deploy, Ending.ABORTED, message, by=by, audited=audited, now=now):
                raise UnableToCancel("Nothing to abort. It is not rolling out.")
            seen = Observation.objects.filter(site=site).first()
            return request_rollback(
                site=site,
                sha=target,
                seen_sha=seen.deployed_sha if seen else "",
                by=by,
                rolls_back=deploy,
                authentication=authentication,
                now=now,
            )
    except UnableToDeploy as refused:
        note_refusal(str(refused), deploy_request, site=site, now=now)
        raise
