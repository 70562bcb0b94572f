"""django-q2's cluster with what it lacks: a watchdog.

A worker child that is killed while it waits keeps the queue's lock for ever (django-q2 #23): everything looks healthy, and
nothing runs any more, not even SIGTERM. The heartbeat, a task like any other, stops then; so when it is too old, the whole
process group is killed, and whoever runs us (the kubelet, `make run`) starts us anew.
"""

import logging
import os
import signal
import sys
from time import sleep
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connections
from django_q.cluster import Cluster

from deployments.operations import heartbeat

logger = logging.getLogger(__name__)
LONGEST_SILENCE_SECONDS = 240
LOOK_EVERY_SECONDS = 1


class Command(BaseCommand):
    help = "Run the queue's workers and the schedule, and end when they no longer give a sign of life."

    def handle(self, *args: Any, **options: Any) -> None:
        if os.getpgrp() != os.getpid():
            # A group of our own, so that ending it takes along nobody else.
            os.setpgrp()
        _import_what_every_child_needs()
        heartbeat.beat(settings.HEARTBEAT_FILE)
        connections.close_all()
        cluster = Cluster()
        cluster.start()
        while cluster.sentinel.is_alive():
            sleep(LOOK_EVERY_SECONDS)
            silence = heartbeat.age_seconds(settings.HEARTBEAT_FILE)
            if silence > LONGEST_SILENCE_SECONDS:
                logger.critical("No heartbeat for %d s: ending all of this worker's processes", silence)
                os.killpg(os.getpgrp(), signal.SIGKILL)
        if not cluster.has_stopped:
            logger.critical("The sentinel died: ending what it left behind")
            os.killpg(os.getpgrp(), signal.SIGKILL)
        sys.exit(0)


def _import_what_every_child_needs() -> None:
    """Load the large libraries once, before the fork: the children share their memory."""
    import requests  # noqa: F401

    import deployments.tasks  # noqa: F401
