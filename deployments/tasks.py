"""What the queue calls. Each is safe to run twice, and safe to be killed at any instruction."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from time import sleep

from django.conf import settings
from django.utils import timezone

from deployments.clients.clients import Clients
from deployments.clients.ping import UnableToPing
from deployments.clients.ping import ping as call
from deployments.clients.pubsub import Subscription
from deployments.clients.push import Sender
from deployments.operations import notify
from deployments.operations.deploys import batch, images, start, waiting
from deployments.operations.deploys.follow import Timeouts
from deployments.operations.deploys.follow import follow as follow_all
from deployments.operations.doctor.mapping import check_mapping as check_one_mapping
from deployments.operations.doctor.run import record_examination
from deployments.operations.first_start.find import record_discovery
from deployments.operations.hooks import pull, signing_keys, syncs
from deployments.operations.hooks.syncs import look_again
from deployments.operations.pods import read as pods
from deployments.operations.sync import commits, head_check
from deployments.operations.sync.provenance import ask_provenance
from deployments.operations.sync.request import let_follow, wait_for_another
from deployments.operations.sync.run import AnotherAtWork, UnableToSync
from deployments.operations.sync.run import sync as sync_all
from deployments.operations.tick import Doors
from deployments.operations.tick import tick as take_up
from deployments.queries import GOOD_ENOUGH
from deployments.queue import enqueue

logger = logging.getLogger(__name__)


def start_deploy(deploy_id: int) -> None:
    start.start_deploy(
        deploy_id=deploy_id,
        clients=Clients.from_settings(),
        now=timezone.now(),
        image_prefixes=tuple(settings.IMAGE_PREFIXES),
    )


def check_pending_image(deploy_id: int) -> None:
    waiting.check_pending_image(deploy_id=deploy_id, clients=Clients.from_settings(), now=timezone.now())


def follow() -> None:
    timeouts = Timeouts(
        stability=timedelta(seconds=settings.STABILITY_SECONDS),
        rollout=timedelta(seconds=settings.ROLLOUT_TIMEOUT_SECONDS),
    )
    is_left = follow_all(
        clients=Clients.from_settings(),
        timeouts=timeouts,
        clock=timezone.now,
        sleep=sleep,
        checks_hosts=settings.CHECK_HOSTS,
    )
    if is_left:
        enqueue.follow()


def sync(names: Sequence[str] = (), trigger: str = "schedule") -> None:
    try:
        report = sync_all(clients=Clients.from_settings(), clock=timezone.now, names=names, trigger=trigger)
    except AnotherAtWork:
        wait_for_another(names=names, trigger=trigger)
        return
    except UnableToSync as error:
        logger.info("No sync: %s", error)
        return
    finally:
        let_follow()
    look_again(report.decisions, trigger=trigger, now=timezone.now())
    if settings.PING_URL and report.run.is_full and report.run.result in GOOD_ENOUGH:
        enqueue.ping()


def ping() -> None:
    """Ping the dead-man's switch; where it does not answer, that is only logged."""
    try:
        call(settings.PING_URL)
    except UnableToPing as error:
        logger.warning("%s", error)


def continue_batches() -> None:
    batch.continue_batches(now=timezone.now())


def notify_deploy_ended(deploy_id: int) -> None:
    if settings.VAPID_PRIVATE_KEY:
        with _sender() as sender:
            notify.notify_deploy_ended(deploy_id=deploy_id, sender=sender, now=timezone.now())


def notify_site_waits(site_id: int, message: str) -> None:
    if settings.VAPID_PRIVATE_KEY:
        with _sender() as sender:
            notify.notify_site_waits(site_id=site_id, message=message, sender=sender, now=timezone.now())


def _sender() -> Sender:
    return Sender(private_key=settings.VAPID_PRIVATE_KEY, subject=settings.VAPID_SUBJECT)


def fetch_commits() -> None:
    clients = Clients.from_settings()
    commits.fetch_commits(github=clients.github, now=timezone.now())
    ask_provenance(clients=clients, now=timezone.now())


def doctor() -> None:
    record_examination(clients=Clients.from_settings(), now=timezone.now())


def discover() -> None:
    record_discovery(
        clients=Clients.from_settings(),
        usual_namespaces=tuple(settings.NAMESPACES),
        image_prefixes=tuple(settings.IMAGE_PREFIXES),
        now=timezone.now(),
    )


def check_mapping(site_id: int) -> None:
    check_one_mapping(
        site_id=site_id,
        clients=Clients.from_settings(),
        image_prefixes=tuple(settings.IMAGE_PREFIXES),
        now=timezone.now(),
    )


def check_rollback_images(site_id: int) -> None:
    images.check_rollback_images(
        site_id=site_id, registry=Clients.from_settings().registry, now=timezone.now()
    )


def check_pods(site_id: int) -> None:
    pods.check_pods(site_id=site_id, clients=Clients.from_settings(), now=timezone.now())


def read_log(log_id: int) -> None:
    pods.read_log(log_id=log_id, clients=Clients.from_settings(), now=timezone.now())


def queue_hook_syncs() -> None:
    syncs.queue_hook_syncs(now=timezone.now())


def pull_hooks() -> None:
    if not settings.PUBSUB_SUBSCRIPTION:
        return
    with Subscription(settings.PUBSUB_SUBSCRIPTION, url=settings.PUBSUB_URL) as subscription:
        is_left = pull.pull_hooks(subscription=subscription, clock=timezone.now)
    if is_left:
        enqueue.pull_hooks()


def fetch_signing_keys() -> None:
    signing_keys.fetch_signing_keys(issuers=settings.TOKEN_ISSUERS, now=timezone.now())


def check_heads() -> None:
    interval = timedelta(seconds=settings.HEAD_CHECK_SECONDS)
    if interval:
        head_check.check_heads(clients=Clients.from_settings(), interval=interval, now=timezone.now())


def tick() -> None:
    """The heads are checked here rather than in a separate task: its queue entry would cost more SQL statements than the check."""
    are_heads_due = take_up(
        now=timezone.now(),
        wait_for_image=timedelta(minutes=settings.WAIT_FOR_IMAGE_MINUTES),
        keep_runs=timedelta(days=settings.SYNC_RUNS_KEPT_DAYS),
        doors=Doors(
            checks_heads=bool(settings.HEAD_CHECK_SECONDS),
            issuers=tuple(settings.TOKEN_ISSUERS),
            is_pulling=bool(settings.PUBSUB_SUBSCRIPTION),
        ),
    )
    if are_heads_due:
        check_heads()
