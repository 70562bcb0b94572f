"""Where a Deploy can stand, which ways lead from there, who began it, and what for."""

from django.db import models


class Status(models.TextChoices):
    WAITING = "waiting"
    QUEUED = "queued"
    ROLLING_OUT = "rolling_out", "rolling out"
    VERIFYING = "verifying"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    TIMED_OUT = "timed_out", "timed out"


class Trigger(models.TextChoices):
    PERSON = "person"
    SYNC = "sync"
    COMMAND = "command"
    FAILURE = "failure", "a failed Deploy"
    ADOPTED = "adopted", "adopted: somebody else set it"


class Kind(models.TextChoices):
    """What a Deploy is for; each is followed to its end alike."""

    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    RESTART = "restart"


ENDS = frozenset({Status.FAILED, Status.CANCELLED, Status.SUPERSEDED, Status.TIMED_OUT})
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.WAITING: frozenset({Status.QUEUED}) | ENDS,
    Status.QUEUED: frozenset({Status.ROLLING_OUT}) | ENDS,
    Status.ROLLING_OUT: frozenset({Status.VERIFYING}) | ENDS,
    Status.VERIFYING: frozenset({Status.ROLLING_OUT, Status.SUCCEEDED}) | ENDS,
}
ACTIVE_STATUSES = tuple(TRANSITIONS)
