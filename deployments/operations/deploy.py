"""Ask for a Deploy, and take back what was asked for."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django_q.tasks import async_task

from deployments.facts import StandingHold, site_facts
from deployments.models import CommitRange, Deploy, EventKind, Observation, Site, Status, Trigger
from deployments.rules.guards import Attempt, first_refusal
from deployments.rules.images import UnableToParseImage, is_full_sha, parse_image
from deployments.rules.site_state import SiteFacts

SCHEDULER_NAME = "the sync"


class UnableToDeploy(Exception):
    """The refusing guard's sentence."""


class UnableToCancel(Exception):
    """The sentence says how far the Deploy has come."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Somebody wants `sha` to run, having seen `seen_sha` running."""

    sha: str
    seen_sha: str
    trigger: Trigger
    by: User | None = None
    accepts_red: bool = False
    key: UUID | None = None
    """The same key is the same wish, however often it arrives."""


def request_deploy(
    *,
    site: Site,
    sha: str,
    seen_sha: str,
    requested_by: User | None,
    trigger: Trigger,
    idempotency_key: UUID | None = None,
    accept_red: bool = False,
    now: datetime,
) -> Deploy:
    """Write the wish and its queue entry in one transaction; a worker checks every guard again, and patches.

    A second tap returns the first Deploy: one with the same key, or the active one of the same commit.
    Raises UnableToDeploy with the first refusing guard's sentence.
    """
    wish = Wish(
        sha=sha.strip().lower(),
        seen_sha=seen_sha,
        trigger=trigger,
        by=requested_by,
        accepts_red=accept_red,
        key=idempotency_key,
    )
    with transaction.atomic():
        locked = (
            Site.objects.select_for_update(of=("self",))
            .select_related("observation__latest_deploy")
            .get(pk=site.pk)
        )
        if first := _same_wish(locked, wish):
            return first
        facts = site_facts(locked, holds=StandingHold.all(now=now), sha=wish.sha)
        if refusal := first_refusal(_attempt(locked, facts, wish)):
            raise UnableToDeploy(refusal)
        return _write(locked, facts, wish, now=now)


def cancel_deploy(*, deploy: Deploy, by: User, now: datetime) -> None:
    """End a Deploy that has changed nothing in the cluster yet.

    Raises UnableToCancel once a worker has begun with it.
    """
    sentence = f"Cancelled by {by.get_username()} before anything was changed."
    if not deploy.move(
        Status.CANCELLED, only_from=(Status.WAITING, Status.QUEUED), now=now, sentence=sentence
    ):
        raise UnableToCancel("Too late to cancel: the cluster has been told already.")


def _same_wish(site: Site, wish: Wish) -> Deploy | None:
    if wish.key and (first := Deploy.objects.filter(idempotency_key=wish.key, site=site).first()):
        return first
    latest = site.observation.latest_deploy if hasattr(site, "observation") else None
    return latest if latest and latest.is_active and latest.sha == wish.sha else None


def _attempt(site: Site, facts: SiteFacts, wish: Wish) -> Attempt:
    is_head = wish.sha == facts.head_sha
    missing = facts.workload_missing
    if facts.cluster_observed_at is None:
        missing = missing or "Headway has not seen this site in the cluster yet: sync first, then deploy."
    return Attempt(
        sha=wish.sha,
        slug=f"{site.owner}/{site.repository}",
        is_on_branch=True if is_head or _is_known(site, wish.sha) else None,
        is_image_built=facts.head_image_built if is_head else None,
        image=str(site.image_for(wish.sha)) if is_full_sha(wish.sha) else "",
        workload_missing=missing,
        expected_repository=facts.expected_repository,
        present_repository=image_repository(facts.desired_image),
        hold=facts.hold,
        other=facts.active,
        seen=wish.seen_sha,
        present=facts.running_sha,
        check_state=facts.check_state if is_head else Attempt.check_state,
        accepts_red=wish.accepts_red,
    )


def _is_known(site: Site, sha: str) -> bool:
    """Whether this commit was seen on the site's branch before; where not, the worker asks GitHub."""
    if site.deploys.filter(sha=sha, status=Status.SUCCEEDED).exists():
        return True
    ranges = CommitRange.objects.filter(owner=site.owner, repository=site.repository)
    return ranges.filter(commits__contains=[{"sha": sha}]).exists()


def _write(site: Site, facts: SiteFacts, wish: Wish, *, now: datetime) -> Deploy:
    deploy = Deploy.objects.create(
        site=site,
        sha=wish.sha,
        headline=site.observation.head_headline if wish.sha == facts.head_sha else "",
        image=str(site.image_for(wish.sha)),
        from_sha=facts.running_sha,
        from_image=facts.desired_image,
        trigger=wish.trigger,
        requested_by=wish.by,
        requested_by_name=wish.by.get_username() if wish.by else SCHEDULER_NAME,
        idempotency_key=wish.key,
        requested_at=now,
        sentence="In the queue: a worker takes it up in a moment.",
    )
    deploy.tell(f"Asked for by {deploy.requested_by_name}.", kind=EventKind.ASKED, now=now)
    Observation.objects.filter(site=site).update(latest_deploy=deploy)
    async_task("deployments.tasks.begin_deploy", deploy.pk, q_options={"group": "deploy"})
    return deploy


def image_repository(image: str) -> str:
    """Return the image repository of an image's name; empty where that name cannot be read."""
    try:
        return parse_image(image).repository
    except UnableToParseImage:
        return ""
