"""How gunicorn serves the dashboard, on a laptop as in the cluster. Measured: docs/decisions/0003-web-server.md."""

import gc
import os
from typing import Any

from dashboard import settings

worker_class = "dashboard.gunicorn_worker.Worker"
workers = 1
threads = 16
timeout = 30
graceful_timeout = 10
keepalive = 65
# No header of anyone's, not even of a process on this machine, is the path of a request or a person's name.
forwarder_headers = ""
# A file goes the way of all answers, which no slow reader holds up.
sendfile = False
# Its control socket would want a writable home folder.
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108
accesslog = None
# Django is loaded in the worker alone: a master that holds it too keeps a copy of each page that the worker writes to, 15 MB.
# The settings are enough for its own lines to be written as ours are.
preload_app = False
_ours = {"level": "NOTSET", "handlers": [], "propagate": True}
# Each request has its line from dashboard/request_log.py already.
_silent = {"level": "CRITICAL", "handlers": [], "propagate": False}
logconfig_dict = settings.LOGGING | {"loggers": {"gunicorn.error": _ours, "gunicorn.access": _silent}}


def pre_fork(server: Any, worker: Any) -> None:  # noqa: ARG001  gunicorn's hook
    """Share the existing objects with the worker: its garbage collector would mark, and so copy, each of the master's objects."""
    gc.collect()
    gc.freeze()


def post_worker_init(worker: Any) -> None:  # noqa: ARG001  gunicorn's hook
    """Log how to create the first account, while there is none, and encrypt what an older release or key has left."""
    from django.db import connection

    from dashboard.accounts.stored_secrets import encrypt_stored
    from dashboard.accounts.welcome import announce

    announce()
    encrypt_stored()
    connection.close()
    _collect_garbage_soon()


def _collect_garbage_soon() -> None:
    """Keep what is loaded out of garbage collections, and collect more often what requests leave.

    A request is part of a cycle, with the rows and the page that it made. By Python's own thresholds those of a hundred requests pile up, and a
    full collection traverses all that is loaded. Measured: docs/decisions/0003-web-server.md.
    """
    from django.urls import get_resolver

    # The pages are loaded with the first request otherwise.
    get_resolver().url_patterns  # noqa: B018
    gc.collect()
    gc.freeze()
    gc.set_threshold(700, 10, 1)
