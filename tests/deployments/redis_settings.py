"""Headway's settings with Redis as the broker, as docs/operate.md says for those who outgrow the database's queue."""

import os
from typing import Any

from dashboard.queue_settings import QUEUE
from dashboard.settings import *  # noqa: F403

Q_CLUSTER: dict[str, Any] = {
    name: value for name, value in QUEUE.items() if name not in {"orm", "broker_class"}
} | {"redis": os.environ["REDIS_URL"]}
