"""Accept an image that was set outside Headway: the history then shows what runs."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from deployments.models import AuditEvent, Deploy, Observation, Site, Status, Trigger
from deployments.operations import audit
from deployments.operations.deploys.finish import Ending, finish
from deployments.operations.deploys.request import lock
from deployments.rules.guards import NEVER_SYNCED
from deployments.rules.wording import moment, short


class UnableToAdopt(Exception):
    """The sentence says why, and what to do."""


def adopt(*, site: Site, image: str, by: User, now: datetime) -> Deploy:
    """Write a succeeded Deploy of the commit that someone else's `image`, which the person saw, has brought.

    Raises UnableToAdopt where it is another app's image, no commit of the branch, not fully running, or changed meanwhile.
    """
    with transaction.atomic():
        locked = lock(site)
        if not (refusal := _refusal(locked, image)):
            return _write(locked, by=by, now=now)
        message = f"Refused to adopt {image[:300]}. {refusal}"
        audit.record(AuditEvent.Kind.REFUSAL, message, by=by, site=locked, now=now)
    raise UnableToAdopt(refusal)


def _refusal(site: Site, image: str) -> str:
    seen = site.observation
    if seen.cluster_observed_at is None or image != seen.desired_image:
        changed = "The image changed since you opened this page. Review and try again."
        return changed if seen.cluster_observed_at else NEVER_SYNCED
    if not site.owns(image):
        return f"{image} is not of {site.expected_repository}. Correct the mapping, or replace it."
    if seen.latest_deploy and seen.latest_deploy.is_active:
        return "A deploy is in progress here. Wait until it has ended."
    if not seen.desired_sha:
        return "The image names no commit that GitHub knows. Push it to the branch, or replace it."
    if seen.desired_sha != seen.running_sha or seen.ready < seen.wanted:
        return "Its pods do not all run it yet. Wait until they do, then sync and adopt it."
    return _off_branch(seen)


def _off_branch(seen: Observation) -> str:
    if seen.desired_sha == seen.head_sha or seen.ahead_by == 0:
        return ""
    if seen.ahead_by is None:
        return "Whether this commit is on the branch is not known yet. Sync first."
    return f"Commit {short(seen.desired_sha)} is not on the branch. Push it there first, or replace it."


def _write(site: Site, *, by: User, now: datetime) -> Deploy:
    seen = site.observation
    who = f"{seen.desired_by or 'Someone else'} set it{f' on {moment(seen.desired_at)}' if seen.desired_at else ''}"
    last = site.deploys.filter(status=Status.SUCCEEDED).first()
    deploy = Deploy.objects.create(
        site=site,
        sha=seen.desired_sha,
        image=seen.desired_image,
        status=Status.VERIFYING,
        trigger=Trigger.ADOPTED,
        headline=seen.head_headline if seen.desired_sha == seen.head_sha else "",
        from_sha=last.sha if last else "",
        from_image=seen.accepted_image,
        requested_by=by,
        requested_by_name=by.get_username(),
        requested_at=now,
        wanted=seen.wanted,
        updated=seen.wanted,
        ready=seen.ready,
    )
    Observation.objects.filter(site=site).update(latest_deploy=deploy)
    finish(
        deploy,
        Ending.ADOPTED,
        f"{who}; {by.get_username()} adopted it.",
        by=by,
        audited=f"Adopted {seen.desired_image}. {who}.",
        now=now,
    )
    return deploy
