"""Notify people's phones: a Deploy ended, or a site needs attention. A notification that fails changes nothing else."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import F, Q
from django.urls import reverse

from deployments.clients.deadline import seconds_left, within
from deployments.clients.push import (
    Browser,
    PushError,
    PushGone,
    PushRefused,
    PushTimedOut,
    Sender,
    SenderAtFault,
)
from deployments.models import Deploy, NotificationPreference, PushSubscription, Site, Status
from deployments.rules.wording import short

logger = logging.getLogger(__name__)
GIVEN_UP_AFTER_FAILURES = 20
GIVEN_UP_AFTER_TIMEOUTS = 3
LONGEST_REFUSAL = 300
SECONDS_FOR_ALL = 60


def notify_deploy_ended(*, deploy_id: int, sender: Sender, now: datetime) -> int:
    """Notify subscribers of how this Deploy ended; return the number of browsers notified. Cancelled Deploys are not announced."""
    deploy = Deploy.objects.select_related("site", "requested_by").filter(pk=deploy_id).first()
    if deploy is None or not (deploy.status == Status.SUCCEEDED or deploy.status in Status.FAILURES):
        return 0
    event = "succeeded" if deploy.status == Status.SUCCEEDED else "failed"
    listeners = _listeners(deploy.site, event=event, deployer=deploy.requested_by)
    return _send_all(listeners, _message_of(deploy), topic=f"deploy-{deploy.pk}", sender=sender, now=now)


def notify_site_waits(*, site_id: int, message: str, sender: Sender, now: datetime) -> int:
    """Notify those who star this site, or subscribe to everything, that it needs attention; return the number of browsers notified."""
    site = Site.objects.filter(pk=site_id).first()
    if site is None:
        return 0
    page = reverse("site", args=[site.name])
    dialog = reverse("deploy-site", args=[site.name])
    payload = {
        "title": f"{site.name} needs attention",
        "body": message,
        "tag": f"site-{site.pk}",
        "url": page,
        "actions": [
            {"action": "ship", "title": "Commits", "url": dialog},
            {"action": "look", "title": "Open site", "url": page},
        ],
    }
    listeners = _listeners(site, event="waiting", deployer=None)
    return _send_all(listeners, payload, topic=f"site-{site.pk}", sender=sender, now=now)


def _message_of(deploy: Deploy) -> dict[str, Any]:
    watch, site = reverse("deploy", args=[deploy.pk]), reverse("site", args=[deploy.site.name])
    is_good = deploy.status == Status.SUCCEEDED
    return {
        "title": f"{deploy.site.name}: {'deployed' if is_good else deploy.get_status_display()}",
        "body": f"{short(deploy.sha)} {deploy.headline[:120]}\n{deploy.message[:300]}".strip(),
        "tag": f"site-{deploy.site_id}",
        "url": watch,
        "actions": [
            {"action": "watch", "title": "Details", "url": watch},
            {"action": "site", "title": "Open site", "url": site},
        ],
    }


def _listeners(site: Site, *, event: str, deployer: User | None) -> list[PushSubscription]:
    """Return the browsers of everyone who subscribes to this event of this site. Runs three SQL queries."""
    browsers = list(PushSubscription.objects.filter(user__is_active=True))
    preferences = {preference.user_id: preference for preference in NotificationPreference.objects.all()}
    starring = set(
        NotificationPreference.starred.through.objects.filter(site=site).values_list(
            "preference_id", flat=True
        )
    )
    return [
        browser
        for browser in browsers
        if _wants(
            preferences.get(browser.user_id, NotificationPreference()),
            event=event,
            is_own=deployer is not None and browser.user_id == deployer.pk,
            is_starred=browser.user_id in starring,
        )
    ]


def _wants(preference: NotificationPreference, *, event: str, is_own: bool, is_starred: bool) -> bool:
    if not getattr(preference, event):
        return False
    by_star = preference.scope == NotificationPreference.Scope.STARRED and is_starred
    return is_own or by_star or preference.scope == NotificationPreference.Scope.EVERYTHING


def _send_all(
    browsers: Iterable[PushSubscription],
    payload: Mapping[str, Any],
    *,
    topic: str,
    sender: Sender,
    now: datetime,
) -> int:
    """Those that took it last time come first: endpoints that answer nothing use up no other's time."""
    left, stated = sorted(browsers, key=lambda each: (each.timeouts, each.failures, each.pk)), 0
    with within(SECONDS_FOR_ALL):
        while left and seconds_left() > sender.timeout_seconds:
            stated += _send(left.pop(0), payload, topic=topic, sender=sender, now=now)
    if left:
        logger.warning("%d browsers were not notified: the others used up the time", len(left))
    return stated


def _send(
    to: PushSubscription, payload: Mapping[str, Any], *, topic: str, sender: Sender, now: datetime
) -> bool:
    try:
        sender.send(Browser(endpoint=to.endpoint, p256dh=to.p256dh, auth=to.auth), payload, topic=topic)
    except PushGone:
        to.delete()
    except PushError as error:
        logger.warning("No notification for a browser of %s: %s", to.user_id, error)
        _note_failure(to, error, now=now)
    except Exception:
        logger.exception("No notification for a browser of %s", to.user_id)
    else:
        _note(to, failures=0, timeouts=0, last_ok_at=now)
        return True
    return False


def _note_failure(to: PushSubscription, error: PushError, *, now: datetime) -> None:
    """Write down a refusal for the doctor; give the browser up after too many failures that are not our own."""
    if isinstance(error, SenderAtFault | PushRefused):
        _note(to, last_refusal=str(error)[:LONGEST_REFUSAL], last_refused_at=now)
    if isinstance(error, SenderAtFault):
        return
    _note(to, failures=F("failures") + 1, timeouts=F("timeouts") + int(isinstance(error, PushTimedOut)))
    is_given_up = Q(failures__gte=GIVEN_UP_AFTER_FAILURES) | Q(timeouts__gte=GIVEN_UP_AFTER_TIMEOUTS)
    PushSubscription.objects.filter(is_given_up, pk=to.pk).delete()


def _note(to: PushSubscription, **values: Any) -> None:
    """Write how it went; nothing where its owner has switched notifications off meanwhile."""
    PushSubscription.objects.filter(pk=to.pk).update(**values)
