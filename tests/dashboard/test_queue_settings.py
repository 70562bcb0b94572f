"""What holds between django-q2's settings: docs/decisions/0002-queue.md."""

from dashboard.queue_settings import QUEUE
from deployments.management.commands.worker import LONGEST_SILENCE_SECONDS


def test_no_task_is_taken_for_lost_while_it_may_still_run() -> None:
    assert QUEUE["retry"] > 2 * QUEUE["timeout"]


def test_a_lost_task_is_looked_for_more_often_than_the_watchdog_loses_patience() -> None:
    assert QUEUE["poll"] < LONGEST_SILENCE_SECONDS
