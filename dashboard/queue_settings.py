"""django-q2's settings; docs/decisions/0002-queue.md has the measured reason for each value."""

WORKERS = 3
QUEUE = {
    "name": "headway",
    "orm": "default",
    "broker_class": "deployments.queue.broker.NotifyingBroker",
    "workers": WORKERS,
    "timeout": 300,
    "retry": 660,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "poll": 45,
    "recycle": 500,
    "save_limit": 100,
    "label": "Queue",
}
