"""A site's rollback targets."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery

from deployments.models import CommitRange, Deploy, Kind, Site, Status
from deployments.queries.builds import build_of, image_of, says_commit
from deployments.rules.images import version_shown
from deployments.rules.wording import short

TARGETS = 5
LOOKED_THROUGH = 50


@dataclass(frozen=True, kw_only=True)
class RollbackTarget:
    """A commit that has run here, and does not run now."""

    sha: str
    headline: str
    image: str
    succeeded_at: datetime | None
    """None: it ran before the first Deploy here."""
    image_seen_at: datetime | None
    """When the registry was last seen to have its image; None: never asked."""
    image_gone: bool

    version: str = ""
    """By release, what its image is tagged with."""

    @property
    def short(self) -> str:
        return short(self.sha)


def rollback_targets(site: Site) -> tuple[RollbackTarget, ...]:
    """The last five different commits that succeeded here, newest first, then what ran before all of them, or before the first that was tried where none has.

    Runs one SQL query, by label or by release two, and one more where none has succeeded.
    """
    seen = site.observation if hasattr(site, "observation") else None
    present = seen.deployed_sha if seen else ""
    ranges = CommitRange.objects.filter(
        owner=site.owner, repository=site.repository, base=OuterRef("from_sha")
    )
    headline = Subquery(ranges.exclude(base_headline="").values("base_headline")[:1])
    deploys = site.deploys.annotate(from_headline=headline)
    good = list(deploys.filter(status=Status.SUCCEEDED)[:LOOKED_THROUGH])
    targets: dict[str, RollbackTarget] = {}
    for deploy in good:
        if deploy.sha != present and deploy.sha not in targets and site.owns(deploy.image):
            targets[deploy.sha] = _target(deploy)
    tried = deploys.exclude(kind=Kind.ROLLBACK).filter(patched_at__isnull=False)
    first = good[-1] if good else tried.last()
    before = _before(site, first) if first else None
    if before and before.sha not in {*targets, present} and site.owns(before.image):
        targets[before.sha] = before
    return tuple(targets.values())[:TARGETS]


def _target(deploy: Deploy) -> RollbackTarget:
    return RollbackTarget(
        sha=deploy.sha,
        headline=deploy.headline,
        image=deploy.image,
        succeeded_at=deploy.finished_at,
        image_seen_at=deploy.image_seen_at,
        image_gone=deploy.image_gone,
        version=deploy.version,
    )


def _before(site: Site, first: Deploy) -> RollbackTarget | None:
    """What ran when the first Deploy was requested, where that was also what its container's spec had."""
    if build := build_of(site, first.from_sha):
        return RollbackTarget(
            sha=first.from_sha,
            headline="",
            image=image_of(site, build),
            succeeded_at=None,
            image_seen_at=build.last_seen_at,
            image_gone=False,
        )
    if not first.from_sha or not says_commit(site, first.from_image, first.from_sha):
        return None
    return RollbackTarget(
        sha=first.from_sha,
        headline=first.from_headline or "",  # type: ignore[attr-defined]  # annotated by rollback_targets
        image=first.from_image,
        succeeded_at=None,
        image_seen_at=first.from_image_seen_at,
        image_gone=first.from_image_gone,
        version=version_shown(first.from_image) if site.is_by_release else "",
    )
