"""What the queue calls. Each is safe to run twice, and safe to be killed at any instruction."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from time import sleep

from django.conf import settings
from django.utils import timezone
from django_q.tasks import async_task

from deployments.operations import begin, commits, heartbeat, images
from deployments.operations.follow import Patience
from deployments.operations.follow import follow as follow_all
from deployments.operations.sync import UnableToSync
from deployments.operations.sync import sync as sync_all
from deployments.operations.tick import tick as take_up
from deployments.outside import from_settings

logger = logging.getLogger(__name__)


def begin_deploy(deploy_id: int) -> None:
    begin.begin_deploy(deploy_id=deploy_id, outside=from_settings(), now=timezone.now())


def follow() -> None:
    patience = Patience(
        stability=timedelta(seconds=settings.STABILITY_SECONDS),
        rollout=timedelta(seconds=settings.ROLLOUT_TIMEOUT_SECONDS),
    )
    if follow_all(outside=from_settings(), patience=patience, clock=timezone.now, sleep=sleep):
        async_task("deployments.tasks.follow", q_options={"group": "follow"})


def sync(hosts: Sequence[str] = (), trigger: str = "schedule") -> None:
    try:
        sync_all(outside=from_settings(), clock=timezone.now, hosts=hosts, trigger=trigger)
    except UnableToSync as error:
        logger.info("No sync: %s", error)


def fetch_commits() -> None:
    commits.fetch_commits(github=from_settings().github)


def look_at_images(site_id: int) -> None:
    images.look_at_images(site_id=site_id, registry=from_settings().registry, now=timezone.now())


def tick() -> None:
    heartbeat.beat(settings.HEARTBEAT_FILE)
    take_up(now=timezone.now())
