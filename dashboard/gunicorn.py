"""How gunicorn serves the dashboard, on a laptop as in the cluster. Measured: docs/decisions/0003-web-server.md."""

import os
from typing import Any

worker_class = "gthread"
workers = 1
threads = 16
timeout = 30
graceful_timeout = 10
keepalive = 65
# Its control socket would want a writable home folder.
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108
accesslog = None


def post_worker_init(worker: Any) -> None:  # noqa: ARG001  gunicorn's hook
    """Say how the first account is made, while there is none."""
    from django.db import connection

    from dashboard.people.welcome import announce

    announce()
    connection.close()
