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
from deployments.rules.waiting import waits_for

SCHEDULER_NAME = "the sync"


class UnableToDeploy(Exception):
    """The refusing guard's sentence."""


class UnableToCancel(Exception):
    """The sentence says how far the Deploy has come."""


@dataclass(frozen=True, kw_only=True)
class WhenReady:
    """Deploy as soon as the image is there, instead of refusing where it is not."""

    follow_head: bool = False
    """While it waits, a newer head takes the commit's place."""
    wait_for_ci: bool = False
    """Wait until CI has passed, too."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Somebody wants `sha` to run, having seen `seen_sha` running."""

    sha: str
    seen_sha: str
    trigger: Trigger
    by: User | None = None
    accepts_red: bool = False
    readiness: WhenReady | None = None
    """None: at once, or not at all."""
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
    when_ready: WhenReady | None = None,
    now: datetime,
) -> Deploy:
    """Write the wish and its queue entry in one transaction; a worker checks every guard again, and patches.

    With `when_ready`, a head that is not built yet waits for its image (operations/waiting.py).

    A second tap returns the first Deploy: one with the same key, or the active one of the same commit.
    Raises UnableToDeploy with the first refusing guard's sentence.
    """
    wish = Wish(
        sha=sha.strip().lower(),
        seen_sha=seen_sha,
        trigger=trigger,
        by=requested_by,
        accepts_red=accept_red,
        readiness=when_ready,
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
        is_image_built=facts.head_image_built if is_head and not wish.readiness else None,
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


def _missing(facts: SiteFacts, wish: Wish) -> str:
    """What this wish must wait for, where it is one that waits; empty where it may begin."""
    if wish.readiness is None or wish.sha != facts.head_sha:
        return ""
    return waits_for(
        sha=wish.sha,
        is_built=facts.head_image_built,
        check_state=facts.check_state,
        waits_for_ci=wish.readiness.wait_for_ci,
    )


def _write(site: Site, facts: SiteFacts, wish: Wish, *, now: datetime) -> Deploy:
    missing, readiness = _missing(facts, wish), wish.readiness or WhenReady()
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
        accepts_red=wish.accepts_red,
        follow_head=readiness.follow_head,
        waits_for_ci=readiness.wait_for_ci,
        status=Status.WAITING if missing else Status.QUEUED,
        queued_at=None if missing else now,
        sentence=missing or "In the queue: a worker takes it up in a moment.",
    )
    deploy.tell(f"Asked for by {deploy.requested_by_name}.", kind=EventKind.ASKED, now=now)
    Observation.objects.filter(site=site).update(latest_deploy=deploy)
    if not missing:
        async_task("deployments.tasks.begin_deploy", deploy.pk, q_options={"group": "deploy"})
    return deploy


def image_repository(image: str) -> str:
    """Return the image repository of an image's name; empty where that name cannot be read."""
    try:
        return parse_image(image).repository
    except UnableToParseImage:
        return ""
