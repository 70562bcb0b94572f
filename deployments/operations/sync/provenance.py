"""What GitHub lists for the image that a site would deploy next: queried once for each, by the task that fetches lists of commits."""

import logging
from collections.abc import Iterable
from datetime import datetime

from deployments.clients.clients import Clients
from deployments.clients.github import GitHubError, GitHubRateLimited, GitHubRefused
from deployments.clients.registry import RegistryError
from deployments.facts import provenance_as_json, provenance_from_json
from deployments.locks import Lock, try_lock
from deployments.models import Observation, Site
from deployments.operations.github_limits import ask_attestation
from deployments.queries.builds import image_of_commit
from deployments.queue import enqueue
from deployments.rules.images import UnableToParseImage, parse_image
from deployments.rules.provenance import Provenance

logger = logging.getLogger(__name__)


def ask_provenance(*, clients: Clients, now: datetime) -> list[str]:
    """Ask for each site whose next image is not known; return the names of those that got an answer.

    One HEAD of the image, and one request to GitHub. Sites that wait for an attestation get a sync.
    """
    answered: list[Site] = []
    with try_lock(Lock.COMMITS) as alone:
        for seen in _due(now=now) if alone else ():
            try:
                found = _ask(seen, clients, now=now)
            except GitHubRateLimited:
                logger.warning("GitHub's limit is reached: attestations have to wait")
                break
            except (GitHubError, RegistryError, UnableToParseImage) as error:
                logger.warning("No attestation of %s is known: %s", seen.site.name, error)
                continue
            if found:
                answered.append(seen.site)
    if waiting := [site.name for site in answered if site.requires_provenance and site.auto_deploy]:
        enqueue.sync(names=waiting, trigger="commits")
    return [site.name for site in answered]


def is_due(site: Site, seen: Observation, *, now: datetime) -> bool:
    """Whether the image of what would be deployed next exists, and GitHub should be queried about it."""
    sha = seen.target_sha
    is_built = bool(seen.ready_below) or seen.head_image_built is True
    if not sha or not seen.running_sha or sha == seen.running_sha or not is_built:
        return False
    known = provenance_from_json(seen.provenance)
    return known is None or known.is_due(sha, again=site.requires_provenance, now=now)


def _due(*, now: datetime) -> Iterable[Observation]:
    rows = Observation.objects.exclude(head_sha="").exclude(running_sha="").select_related("site")
    return [seen for seen in rows if is_due(_with(seen), seen, now=now)]


def _with(seen: Observation) -> Site:
    site: Site = seen.site
    site.observation = seen
    return site


def _ask(seen: Observation, clients: Clients, *, now: datetime) -> bool:
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
