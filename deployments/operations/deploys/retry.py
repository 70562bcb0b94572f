"""Retry a Deploy that did not succeed."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User

from deployments.models import Deploy, Kind, Status, Trigger
from deployments.operations.deploys.deploy_request import DeployRequest
from deployments.operations.deploys.request import UnableToDeploy, request
from deployments.operations.deploys.restart import request_restart
from deployments.operations.deploys.rollback import request_rollback
from deployments.rules.reauth_reasons import NEVER, Authentication


def request_retry(
    *,
    deploy: Deploy,
    seen_sha: str,
    by: User,
    authentication: Authentication = NEVER,
    idempotency_key: UUID | None = None,
    now: datetime,
) -> Deploy:
    """Ask for what this Deploy did not bring about, by all guards again; it is a new Deploy, and this one stays.

    Raises UnableToDeploy with the refusing guard's sentence, and ReauthenticationRequired as request_deploy does.
    """
    site = deploy.site
    if deploy.status not in Status.UNSUCCESSFUL:
        raise UnableToDeploy("Only a deploy that did not succeed can be retried.")
    if deploy.kind == Kind.RESTART:
        return request_restart(
            site=site,
            seen_sha=seen_sha,
            by=by,
            authentication=authentication,
            idempotency_key=idempotency_key,
            now=now,
        )
    if deploy.kind == Kind.ROLLBACK:
        return request_rollback(
            site=site,
            sha=deploy.sha,
            seen_sha=seen_sha,
            by=by,
            rolls_back=deploy.rolls_back,
            authentication=authentication,
            idempotency_key=idempotency_key,
            now=now,
        )
    deploy_request = DeployRequest(
        sha=deploy.sha,
        seen_sha=seen_sha,
        trigger=Trigger.PERSON,
        by=by,
        accepts_red=deploy.accepts_red,
        key=idempotency_key,
        authentication=authentication,
    )
    return request(deploy_request, site=site, now=now)
