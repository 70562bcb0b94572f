"""The queue's workers with a watchdog, and children that do not outlive their parent.

When tasks no longer finish, the heartbeat stops; so when it is too old, the whole process group is killed, and whatever
runs us (the kubelet, `make run`) restarts us.
"""

import gc
import logging
import os
import signal
from functools import partial
from time import monotonic, sleep
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, connections
from django.utils import timezone
from django_q.signals import post_execute

from deployments.clients.cluster import preload
from deployments.management.parent import end_with_the_parent
from deployments.operations.sync.schedule import ensure_schedules, queue_due_sync
from deployments.queue import enqueue, heartbeat
from deployments.queue.pool import Pool
from deployments.system_checks import SETTINGS

logger = logging.getLogger(__name__)
LONGEST_SILENCE_SECONDS = 240
POLL_SECONDS = 0.2
TICK_EVERY_SECONDS = 30


class Command(BaseCommand):
    help = "Run the queue's workers and the schedule, and exit when their heartbeat stops."
    # All checks would import every page, form and address into each of its processes.
    requires_system_checks = [SETTINGS]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--longest-silence",
            type=float,
            default=LONGEST_SILENCE_SECONDS,
            metavar="SECONDS",
            help="end when no task has come to its end for so long; one is begun every 30 s",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if os.getpgrp() != os.getpid():
            # A group of our own, so that ending it takes along nobody else.
            os.setpgrp()
        # Before the heartbeat: once it is seen, we may be asked to stop.
        self._is_stopping = False
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._stop)
        _import_what_every_child_needs()
        heartbeat.beat(settings.HEARTBEAT_FILE)
        post_execute.connect(_beat)
        # What the last worker left lying is taken up at once.
        _tick()
        _freeze()
        os.register_at_fork(after_in_child=partial(end_with_the_parent, signal.SIGKILL, parent=os.getpid()))
        pool = Pool()
        next_tick = monotonic() + TICK_EVERY_SECONDS
        while not self._is_stopping:
            sleep(POLL_SECONDS)
            pool.poll()
            if monotonic() >= next_tick:
                next_tick = monotonic() + TICK_EVERY_SECONDS
                _tick()
            silence = heartbeat.age_seconds(settings.HEARTBEAT_FILE)
            if silence > options["longest_silence"]:
                logger.critical("No heartbeat for %.0f s: ending all of this worker's processes", silence)
                os.killpg(os.getpgrp(), signal.SIGKILL)
        pool.stop()

    def _stop(self, _signum: int, _frame: FrameType | None) -> None:
        self._is_stopping = True


def _tick() -> None:
    """Queue what the schedule says is due, and the tick."""
    try:
        ensure_schedules()
        queue_due_sync(now=timezone.now())
        enqueue.tick()
    except Error:
        logger.warning("The database does not answer; the next tick retries", exc_info=True)
        connections.close_all()


def _beat(**_: Any) -> None:
    """Note that a task went all the way round: taken, done, and its result saved."""
    heartbeat.beat(settings.HEARTBEAT_FILE)


def _import_what_every_child_needs() -> None:
    """Load the large libraries once, before the fork: the children share their memory."""
    import deployments.tasks  # noqa: F401

    preload()


def _freeze() -> None:
    """Let the garbage collector mark nothing that is there before the fork, the first tick's queries included: a page that it marks is copied."""
    gc.collect()
    gc.freeze()
