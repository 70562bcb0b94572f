"""Several sites' Deploys as one request: a chosen number at a time, stopping at the first failure, with or without an open page."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from deployments.facts import site_facts
from deployments.models import AuditEvent, BatchItem, Deploy, DeployBatch, Site, Status, Trigger
from deployments.operations import audit
from deployments.operations.authorization import lost_the_right, may_deploy_now
from deployments.operations.deploys.cancel import UnableToCancel, cancel_deploy
from deployments.operations.deploys.deploy_request import DeployRequest, note_refusal
from deployments.operations.deploys.reauthentication import require_for_request
from deployments.operations.deploys.request import UnableToDeploy, request
from deployments.rules.images import is_full_sha
from deployments.rules.reauth_reasons import NEVER, Authentication
from deployments.rules.wording import counted, sentences

logger = logging.getLogger(__name__)
SITES_NAMED = 10


class UnableToDeployAll(Exception):
    """The sentence says why, and what to do."""


@dataclass(frozen=True)
class BatchEntry:
    """One site's part: the commit that the person saw on offer, and the one that was seen running."""

    name: str
    sha: str
    seen_sha: str


def request_batch(
    *,
    entries: Sequence[BatchEntry],
    by: User,
    authentication: Authentication = NEVER,
    key: UUID | None,
    at_once: int = 1,
    now: datetime,
) -> DeployBatch:
    """Write the batch and begin its first `at_once` Deploys. The same key returns the first batch.

    Raises UnableToDeployAll where nothing was named, or something that is not there, and ReauthenticationRequired where one of
    them is risky and `authentication` is not recent.
    """
    if key and (first := DeployBatch.objects.filter(idempotency_key=key).first()):
        return first
    if not entries:
        raise UnableToDeployAll("No site is selected. Select at least one.")
    named = Site.objects.filter(name__in=[entry.name for entry in entries])
    sites = {site.name: site for site in named.select_related("observation__latest_deploy")}
    entries = list({entry.name: entry for entry in entries}.values())
    if any(entry.name not in sites or not is_full_sha(entry.sha) for entry in entries):
        raise UnableToDeployAll(
            "The sites that are ready changed since you opened this page. Reload it and try again."
        )
    _judge(entries, sites, by=by, authentication=authentication, now=now)
    try:
        batch = _write(entries, sites, by=by, key=key, at_once=at_once, now=now)
    except IntegrityError:
        # The same tap, in another process, a moment ago.
        if key and (first := DeployBatch.objects.filter(idempotency_key=key).first()):
            return first
        raise
    continue_batch(batch_id=batch.pk, now=now)
    batch.refresh_from_db()
    return batch


def _write(
    entries: Sequence[BatchEntry],
    sites: dict[str, Site],
    *,
    by: User,
    key: UUID | None,
    at_once: int,
    now: datetime,
) -> DeployBatch:
    with transaction.atomic():
        batch = DeployBatch.objects.create(
            requested_by=by,
            requested_by_name=by.get_username(),
            requested_at=now,
            idempotency_key=key,
            at_once=at_once,
        )
        BatchItem.objects.bulk_create(
            BatchItem(
                batch=batch, position=place, site=sites[entry.name], sha=entry.sha, seen_sha=entry.seen_sha
            )
            for place, entry in enumerate(entries, start=1)
        )
        pace = "one after another" if at_once == 1 else f"{at_once} at a time"
        message = f"Requested deploys of {counted(len(entries), 'site')}, {pace}: {_named(entries)}."
        audit.record(AuditEvent.Kind.DEPLOY, message, by=by, now=now)
    return batch


def _judge(
    entries: Sequence[BatchEntry],
    sites: dict[str, Site],
    *,
    by: User,
    authentication: Authentication,
    now: datetime,
) -> None:
    for each in entries:
        site = sites[each.name]
        entry = DeployRequest(
            sha=each.sha, seen_sha=each.seen_sha, trigger=Trigger.PERSON, by=by, authentication=authentication
        )
        require_for_request(entry, site, site_facts(site, holds=(), sha=each.sha), now=now)


def continue_batches(*, now: datetime) -> None:
    """Advance every running batch where possible; one's problem affects no other. Safe to run twice."""
    for batch_id in DeployBatch.objects.filter(state=DeployBatch.State.RUNNING).values_list("pk", flat=True):
        try:
            continue_batch(batch_id=batch_id, now=now)
        except Exception:
            logger.exception("Batch %s does not continue; the tick retries", batch_id)


def continue_batch(*, batch_id: int, now: datetime) -> None:
    """Settle the Deploys that ended, then begin the next ones; at the end, or at the first failure, end the batch.

    The batch's row is locked from counting those under way to beginning another, so that two workers never begin too many.
    """
    with transaction.atomic():
        batch = DeployBatch.objects.select_for_update().select_related(None).get(pk=batch_id)
        while batch.is_running and _step(batch, now=now):
            pass


def cancel_batch(*, batch: DeployBatch, by: User, now: datetime) -> bool:
    """Start nothing more. What waits in the queue is cancelled with it; patches that were sent continue.

    Returns False where the batch had ended before.
    """
    with transaction.atomic():
        locked = DeployBatch.objects.select_for_update().get(pk=batch.pk)
        if not locked.is_running:
            return False
        rest = locked.items.filter(is_done=False, deploy=None).count()
        message = sentences(f"{by.get_username()} cancelled it", _not_started(rest))
        locked.end(DeployBatch.State.CANCELLED, message=message, now=now)
        sites = counted(locked.items.count(), "site")
        audit.record(
            AuditEvent.Kind.CANCEL,
            sentences(f"Cancelled the deploys of {sites}", _not_started(rest)),
            by=by,
            now=now,
        )
    for item in locked.items.filter(is_done=False).exclude(deploy=None).select_related("deploy"):
        try:
            if item.deploy:
                cancel_deploy(deploy=item.deploy, by=by, now=now)
        except UnableToCancel:
            logger.info("Deploy %s continues: its patch was sent already", item.deploy_id)
    return True


def _step(batch: DeployBatch, *, now: datetime) -> bool:
    """Settle one of the batch's Deploys, or begin one; whether there may be more to do now."""
    items = list(batch.items.filter(is_done=False).select_related("site__observation", "deploy"))
    if not items:
        message = f"All {counted(batch.items.count(), 'site')} deployed."
        batch.end(DeployBatch.State.DONE, message=message, now=now)
        return False
    for item in items:
        if item.deploy and not item.deploy.is_active:
            return _settle(batch, item, item.deploy, now=now)
    waiting = [item for item in items if item.deploy is None]
    if not waiting or len(items) - len(waiting) >= batch.at_once:
        return False
    return _begin(batch, waiting[0], now=now)


def _settle(batch: DeployBatch, item: BatchItem, deploy: Deploy, *, now: datetime) -> bool:
    if deploy.status == Status.SUCCEEDED:
        BatchItem.objects.filter(pk=item.pk).update(is_done=True)
        return True
    _stop(batch, item, deploy.message, now=now)
    return False


def _begin(batch: DeployBatch, item: BatchItem, *, now: datetime) -> bool:
    site, by = item.site, batch.requested_by
    if getattr(site, "observation", None) and site.observation.running_sha == item.sha:
        BatchItem.objects.filter(pk=item.pk).update(is_done=True, message="It runs this commit already.")
        return True
    entry = DeployRequest(
        sha=item.sha,
        seen_sha=item.seen_sha,
        trigger=Trigger.PERSON,
        by=by,
        named=batch.requested_by_name,
        is_judged=True,
    )
    if not may_deploy_now(batch.requested_by_id):
        refusal = lost_the_right(batch.requested_by_name)
        note_refusal(refusal, entry, site=site, now=now)
        _stop(batch, item, refusal, now=now)
        return False
    try:
        deploy = request(entry, site=site, now=now)
    except UnableToDeploy as refusal:
        _stop(batch, item, str(refusal), now=now)
        return False
    BatchItem.objects.filter(pk=item.pk).update(deploy=deploy, headline=deploy.headline)
    return True


def _stop(batch: DeployBatch, item: BatchItem, why: str, *, now: datetime) -> None:
    BatchItem.objects.filter(pk=item.pk).update(is_done=True, message=why)
    rest = batch.items.filter(is_done=False, deploy=None).exclude(pk=item.pk).count()
    message = sentences(f"Stopped at {item.site.name}: {why}", _not_started(rest))
    batch.end(DeployBatch.State.STOPPED, message=message, now=now)


def _named(entries: Sequence[BatchEntry]) -> str:
    names = [entry.name for entry in entries[:SITES_NAMED]]
    more = len(entries) - len(names)
    return f"{', '.join(names)}{f' and {more} more' if more else ''}"


def _not_started(rest: int) -> str:
    return f"{counted(rest, 'site')} after it not started" if rest else ""
