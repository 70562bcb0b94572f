"""New pods for the running commit."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User

from deployments.models import Deploy, Kind, Observation, Site, Trigger
from deployments.operations.deploys.deploy_request import DeployRequest, note_refusal
from deployments.operations.deploys.request import UnableToDeploy, request
from deployments.rules.guards import NEVER_SYNCED
from deployments.rules.reauth_reasons import NEVER, Authentication


def request_restart(
    *,
    site: Site,
    seen_sha: str,
    by: User,
    authentication: Authentication = NEVER,
    idempotency_key: UUID | None = None,
    now: datetime,
) -> Deploy:
    """Ask for new pods of the commit and the image that the container is asked to run now.

    Raises UnableToDeploy with the refusing guard's sentence.
    """
    seen = Observation.objects.filter(site=site).first() or Observation(site=site)
    deploy_request = DeployRequest(
        sha=seen.desired_sha,
        seen_sha=seen_sha,
        trigger=Trigger.PERSON,
        by=by,
        kind=Kind.RESTART,
        image=seen.requested_image or seen.desired_image,
        accepts_red=True,
        key=idempotency_key,
        authentication=authentication,
    )
    if not seen.desired_sha:
        unknown = "The running commit is not known. Deploy one, or correct the mapping."
        refusal = unknown if seen.cluster_observed_at else NEVER_SYNCED
        note_refusal(refusal, deploy_request, site=site, now=now)
        raise UnableToDeploy(refusal)
    return request(deploy_request, site=site, now=now)
