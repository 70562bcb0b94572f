"""A Deploy's statuses, the transitions between them, who started it, and what for."""

from typing import ClassVar

from django.db import models


class Status(models.TextChoices):
    """Where a Deploy is. The groups that several places ask for are defined here, once."""

    WAITING = "waiting"
    QUEUED = "queued"
    RELEASING = "releasing", "running the release job"
    ROLLING_OUT = "rolling_out", "rolling out"
    VERIFYING = "verifying"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    TIMED_OUT = "timed_out", "timed out"

    FAILURES: ClassVar[frozenset["Status"]]
    """It failed, or took too long: what people are notified of, and what an automatic rollback undoes."""
    IN_ROLLOUT: ClassVar[frozenset["Status"]]
    """The cluster has accepted the patch, and the end is still to come: a worker follows it, and a person can abort it."""
    FOLLOWED: ClassVar[frozenset["Status"]]
    """The cluster is working on it: a worker follows its release job or its rollout."""
    UNSUCCESSFUL: ClassVar[frozenset["Status"]]
    """Every end but success: each can be retried."""


Status.FAILURES = frozenset({Status.FAILED, Status.TIMED_OUT})
Status.IN_ROLLOUT = frozenset({Status.ROLLING_OUT, Status.VERIFYING})
Status.FOLLOWED = Status.IN_ROLLOUT | {Status.RELEASING}
Status.UNSUCCESSFUL = Status.FAILURES | {Status.CANCELLED, Status.SUPERSEDED}


class Trigger(models.TextChoices):
    PERSON = "person"
    SYNC = "sync"
    COMMAND = "command"
    FAILURE = "failure", "a failed deploy"
    ADOPTED = "adopted", "adopted: set outside Headway"


class Kind(models.TextChoices):
    """What a Deploy is for; each is followed to its end alike."""

    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    RESTART = "restart"


TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.WAITING: frozenset({Status.QUEUED}) | Status.UNSUCCESSFUL,
    Status.QUEUED: frozenset({Status.RELEASING, Status.ROLLING_OUT}) | Status.UNSUCCESSFUL,
    Status.RELEASING: frozenset({Status.QUEUED}) | Status.UNSUCCESSFUL,
    Status.ROLLING_OUT: frozenset({Status.VERIFYING}) | Status.UNSUCCESSFUL,
    Status.VERIFYING: frozenset({Status.ROLLING_OUT, Status.SUCCEEDED}) | Status.UNSUCCESSFUL,
}
ACTIVE_STATUSES = tuple(TRANSITIONS)
