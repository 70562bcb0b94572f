"""What GitHub lists for the image that a site would deploy next: asked where automation waits for it, and where a person opens the site's page."""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from deployments.clients.clients import Clients
from deployments.clients.github import GitHubError, GitHubRateLimited, GitHubRefused
from deployments.clients.registry import RegistryError
from deployments.facts import provenance_as_json, provenance_from_json
from deployments.locks import Lock, try_lock
from deployments.models import Observation, Site
from deployments.operations.github_limits import ask_attestation
from deployments.operations.sync.request import is_unknown
from deployments.queries.builds import image_of_commit
from deployments.queue import enqueue
from deployments.rules.images import UnableToParseImage, parse_image
from deployments.rules.provenance import Provenance

logger = logging.getLogger(__name__)
WAITS_SECONDS = 10
"""For a worker that is fetching commits, so that a page which a person has open gets its answer."""


def ask_provenance(*, clients: Clients, now: datetime) -> list[str]:
    """Ask for each site that deploys automatically and requires an attestation; return the names of those that got an answer.

    One HEAD of the image, and one request to GitHub; no statement but one where nobody requires it. What got an answer is synced.
    """
    answered: list[str] = []
    with try_lock(Lock.COMMITS) as alone:
        for seen in _required(now=now) if alone else ():
            try:
                if _ask(seen, clients, now=now):
                    answered.append(seen.site.name)
            except GitHubRateLimited:
                logger.warning("GitHub's limit is reached: attestations are read later")
                break
    if answered:
        enqueue.sync(names=answered, trigger="commits")
    return answered


def check_provenance(*, site_id: int, clients: Clients, now: datetime) -> None:
    """Ask for one site, whose page a person has opened, where that is not known."""
    with try_lock(Lock.COMMITS, wait_seconds=WAITS_SECONDS) as alone:
        seen = _observations().filter(pk=site_id).first() if alone else None
        if seen and is_unknown(seen, now=now):
            try:
                _ask(seen, clients, now=now)
            except GitHubRateLimited:
                logger.warning(
                    "GitHub's limit is reached: the attestation of %s is read later", seen.site.name
                )


def is_required(site: Site, seen: Observation, *, now: datetime) -> bool:
    """Whether automation waits for what GitHub lists, and it is to be asked."""
    return site.requires_provenance and site.auto_deploy and is_unknown(seen, now=now)


def _required(*, now: datetime) -> Iterable[Observation]:
    rows = _observations().filter(site__requires_provenance=True, site__auto_deploy=True)
    return [seen for seen in rows if is_unknown(seen, now=now)]


def _observations() -> QuerySet[Observation]:
    return Observation.objects.exclude(head_sha="").exclude(running_sha="").select_related("site")


def _ask(seen: Observation, clients: Clients, *, now: datetime) -> bool:
    """Whether there is an answer. Raises GitHubRateLimited."""
    seen.site.observation = seen
    try:
        return _keep(seen, clients, now=now)
    except GitHubRateLimited:
        raise
    except (GitHubError, RegistryError, UnableToParseImage) as error:
        logger.warning("No attestation of %s is known: %s", seen.site.name, error)
        return False


def _keep(seen: Observation, clients: Clients, *, now: datetime) -> bool:
    """False where the registry no longer has the image. Raises GitHubError, RegistryError, UnableToParseImage."""
    site, sha = seen.site, seen.target_sha
    digest = clients.registry.digest(parse_image(image_of_commit(site, sha)))
    if digest is None:
        return False
    before = provenance_from_json(seen.provenance)
    first = before.first_asked_at if before and before.sha == sha else None
    attestation, problem = None, ""
    try:
        attestation = ask_attestation(clients.github, site.owner, site.repository, digest=digest, now=now)
    except GitHubRateLimited:
        raise
    except GitHubRefused as error:
        problem = str(error)
    found = Provenance(
        sha=sha, digest=digest, first_asked_at=first or now, attestation=attestation, problem=problem
    )
    same = Observation.objects.filter(pk=seen.pk, head_sha=seen.head_sha)
    return bool(same.update(provenance=provenance_as_json(found)))
