"""Request a Deploy."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from deployments.facts import StandingHold, passed_hold, site_facts, stopping_holds
from deployments.models import CommitRange, Deploy, EventKind, Observation, Site, Status, Trigger
from deployments.operations import audit
from deployments.operations.deploys.deploy_request import (
    AUDITED_AS,
    DeployRequest,
    WhenReady,
    check_state_in,
    guard_input_at_request,
    image_of,
    is_built_in,
    note_refusal,
    replaced_image,
)
from deployments.operations.deploys.reauthentication import require_for_request
from deployments.operations.sites.save import stands_for_the_same
from deployments.queue import enqueue
from deployments.rules.guards import first_refusal
from deployments.rules.reauth_reasons import NEVER, Authentication
from deployments.rules.site_state import SiteFacts
from deployments.rules.waiting import waits_for
from deployments.rules.wording import sentences


class UnableToDeploy(Exception):
    """The refusing guard's sentence."""


def request_deploy(
    *,
    site: Site,
    sha: str,
    seen_sha: str,
    requested_by: User | None,
    requested_by_name: str = "",
    trigger: Trigger,
    idempotency_key: UUID | None = None,
    accept_red: bool = False,
    accept_foreign_image: str = "",
    when_ready: WhenReady | None = None,
    authentication: Authentication = NEVER,
    now: datetime,
) -> Deploy:
    """Write the request and its queue entry in one transaction; a worker checks every guard again, and patches.

    `requested_by_name` is who asks where that is no user.
    `accept_foreign_image` passes the wrong-app guard where an administrator asks, and it is the very image that the
    container is asked to run.
    With `when_ready`, a head that is not built yet waits for its image (operations/deploys/waiting.py).

    A second tap returns the first Deploy: one with the same key, or the active one of the same commit.
    Raises UnableToDeploy with the first refusing guard's sentence, and ReauthenticationRequired where a person in a browser
    asks for something risky whose `authentication` is not recent.
    """
    deploy_request = DeployRequest(
        sha=sha.strip().lower(),
        seen_sha=seen_sha,
        trigger=trigger,
        by=requested_by,
        named=requested_by_name,
        accepts_red=accept_red,
        readiness=when_ready,
        key=idempotency_key,
        accepts_image=accept_foreign_image,
        authentication=authentication,
    )
    return request(deploy_request, site=site, now=now)


def request(deploy_request: DeployRequest, *, site: Site, now: datetime) -> Deploy:
    """Do what request_deploy does, for a request of any kind. A refusal is in the audit log, like the request itself."""
    with transaction.atomic():
        locked = lock(site)
        if first := same_request(locked, deploy_request):
            return first
        holds, kind, sha = StandingHold.all(now=now), deploy_request.kind, deploy_request.sha
        stopping = stopping_holds(locked, kind=kind, sha=sha, holds=holds)
        facts = site_facts(locked, holds=stopping, sha=sha)
        refusal = _overtaken(site, locked, deploy_request) or first_refusal(
            guard_input_at_request(locked, facts, deploy_request)
        )
        if not refusal:
            passed = passed_hold(locked, kind=kind, sha=sha, holds=holds)
            deploy_request = replace(deploy_request, passes_hold=passed)
            require_for_request(deploy_request, locked, facts, now=now)
            return _write(locked, facts, deploy_request, now=now)
        note_refusal(refusal, deploy_request, site=locked, now=now)
    raise UnableToDeploy(refusal)


def lock(site: Site) -> Site:
    """Return the site's row, with what was observed of it, locked until the transaction ends.

    Where nothing was observed yet, the observation is an empty one.
    """
    Site.objects.select_for_update().only("pk").get(pk=site.pk)
    # In its own statement: one that waited for the lock would show joined rows as they were before it waited.
    locked = Site.objects.select_related("observation__latest_deploy").get(pk=site.pk)
    if not hasattr(locked, "observation"):
        locked.observation = Observation(site=locked)
    return locked


def same_request(site: Site, deploy_request: DeployRequest) -> Deploy | None:
    """The Deploy that this request already created, where it is a second tap. `site` is locked."""
    if deploy_request.key and (
        first := Deploy.objects.filter(idempotency_key=deploy_request.key, site=site).first()
    ):
        return first
    latest = site.observation.latest_deploy
    is_same = (
        latest and latest.is_active and (latest.sha, latest.kind) == (deploy_request.sha, deploy_request.kind)
    )
    return latest if is_same else None


def _overtaken(site: Site, locked: Site, deploy_request: DeployRequest) -> str:
    """Why the sync, which read `site` before gathering, must not rely on that; empty where it may."""
    is_so_still = locked.auto_deploy and stands_for_the_same(site, locked)
    if deploy_request.trigger != Trigger.SYNC or is_so_still:
        return ""
    return "Its mapping changed during the sync. The next sync checks it again."


def _missing(facts: SiteFacts, deploy_request: DeployRequest) -> str:
    """What this request must wait for, where it is one that waits; empty where it may begin."""
    sha = deploy_request.sha
    if deploy_request.readiness is None or sha not in {facts.head_sha, facts.newest_sha}:
        return ""
    return waits_for(
        sha=sha,
        is_built=is_built_in(facts, sha),
        check_state=check_state_in(facts, sha),
        waits_for_ci=deploy_request.readiness.wait_for_ci,
    )


def _write(site: Site, facts: SiteFacts, deploy_request: DeployRequest, *, now: datetime) -> Deploy:
    missing, readiness = _missing(facts, deploy_request), deploy_request.readiness or WhenReady()
    deploy = Deploy.objects.create(
        site=site,
        sha=deploy_request.sha,
        headline=headline_of(site, deploy_request.sha),
        image=image_of(site, deploy_request),
        kind=deploy_request.kind,
        rolls_back=deploy_request.rolls_back,
        cause=deploy_request.cause,
        accepts_image=replaced_image(deploy_request, facts),
        from_sha=deploy_request.rolls_back.sha if deploy_request.rolls_back else facts.running_sha,
        from_image=facts.desired_image,
        trigger=deploy_request.trigger,
        requested_by=deploy_request.by,
        requested_by_name=deploy_request.by_name,
        idempotency_key=deploy_request.key,
        requested_at=now,
        accepts_red=deploy_request.accepts_red,
        follow_head=readiness.follow_head,
        waits_for_ci=readiness.wait_for_ci,
        status=Status.WAITING if missing else Status.QUEUED,
        queued_at=None if missing else now,
        message=missing or "Queued, starting shortly.",
    )
    asked = sentences(f"Requested by {deploy.requested_by_name}", deploy_request.words_on_hold)
    deploy.add_event(asked, kind=EventKind.ASKED, now=now)
    Observation.objects.filter(site=site).update(latest_deploy=deploy)
    audited = sentences(
        f"Requested {deploy_request.described}", deploy_request.cause, deploy_request.words_on_hold
    )
    audit.record(
        AUDITED_AS[deploy_request.kind],
        audited,
        by=deploy_request.by,
        by_name=deploy_request.by_name,
        site=site,
        now=now,
    )
    if not missing:
        enqueue.start_deploy(deploy.pk)
    return deploy


def headline_of(site: Site, sha: str) -> str:
    """The first line of a commit's message, as far as it is known; else empty."""
    seen = site.observation
    if sha in {seen.head_sha, seen.ready_below}:
        return str(seen.head_headline if sha == seen.head_sha else seen.built_headline)
    before = site.deploys.filter(sha=sha).exclude(headline="").values_list("headline", flat=True)
    return before.first() or _fetched_headline(site, sha)


def _fetched_headline(site: Site, sha: str) -> str:
    ranges = CommitRange.objects.filter(owner=site.owner, repository=site.repository)
    lists = ranges.filter(commits__contains=[{"sha": sha}]).values_list("commits", flat=True)
    return next((each["headline"] for each in lists.first() or () if each["sha"] == sha), "")
