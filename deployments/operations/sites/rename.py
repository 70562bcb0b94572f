"""Follow a repository that was renamed on GitHub."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from deployments.models import Site
from deployments.operations.sites.save import save_mapping
from deployments.queue import enqueue
from deployments.rules.notes import is_renamed
from deployments.rules.rollbacks import is_of


@dataclass(frozen=True)
class Followed:
    """One mapping that was changed; where `image_repository` is another than before, its next images are expected there."""

    name: str
    name_with_owner: str
    image_repository: str
    image_repository_before: str


def follow_renames(sites: Iterable[Site], *, by: User, now: datetime) -> list[Followed]:
    """Write the name that GitHub last answered under into each mapping that has another, and sync those sites."""
    followed = [_follow(site, by=by, now=now) for site in sites if _new_name(site)]
    if followed:
        enqueue.sync(names=[each.name for each in followed], trigger="mapping")
    return followed


def _new_name(site: Site) -> str:
    seen = getattr(site, "observation", None)
    name = seen.name_with_owner if seen else ""
    return name if is_renamed(f"{site.owner}/{site.repository}", name) else ""


def _former(site: Site, before: str) -> str:
    """Where the images lie that run until the next Deploy: GitHub's own id says that it is the same repository."""
    is_older = is_of(site.observation.desired_image, site.former_repository)
    return site.former_repository if is_older else before


def _follow(site: Site, *, by: User, now: datetime) -> Followed:
    name, before = _new_name(site), site.expected_repository
    was = {"owner": site.owner, "repository": site.repository}
    site.owner, _, site.repository = name.partition("/")
    save_mapping(site=site, before=was, by=by, former_repository=_former(site, before), now=now)
    return Followed(site.name, name, site.expected_repository, before)
