"""AuditEvent: who did what, when, from where. Written once; never changed, never deleted."""

from typing import Any, ClassVar, Never

from django.conf import settings
from django.db import models

from deployments.models.fields import times_in_range


class UnableToRewriteHistory(Exception):
    """The audit is only ever added to."""


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    def update(self, **_: Any) -> Never:
        raise UnableToRewriteHistory("An audit event is never changed.")

    def delete(self) -> Never:
        raise UnableToRewriteHistory("An audit event is never deleted.")


class AuditEvent(models.Model):
    class Kind(models.TextChoices):
        DEPLOY = "deploy"
        ROLLBACK = "rollback"
        RESTART = "restart"
        ADOPT = "adopt"
        CANCEL = "cancel"
        REFUSAL = "refusal"
        HOLD = "hold"
        RESUME = "resume"
        SYNC = "sync"
        MAPPING = "mapping"
        SCHEDULE = "schedule"
        HOOK = "hook"
        ACCOUNT = "account"
        LOGIN = "login"
        LOGIN_FAILED = "login_failed", "failed login"
        LOG = "log", "log read"

    at = models.DateTimeField()
    # PostgreSQL itself empties the two when their row is deleted (migration 0009): roles that may only add could not.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    actor_name = models.CharField(max_length=150, help_text="Stays when the user is deleted.")
    address = models.GenericIPAddressField(
        null=True, help_text="Where the request came from, if there was one."
    )
    kind = models.CharField(max_length=12, choices=Kind)
    site = models.ForeignKey(
        "Site", null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    host = models.CharField(max_length=253, blank=True, help_text="Stays when the site is deleted.")
    message = models.TextField(
        db_column="sentence",
    )

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~models.Q(message=""), name="audit_event_says_something"),
            models.CheckConstraint(condition=times_in_range("at"), name="audit_event_times_in_range"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["kind", "-id"], name="audit_event_by_kind"),
            models.Index(fields=["host", "-id"], name="audit_event_by_host"),
        ]

    def __str__(self) -> str:
        return self.message

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add this event. Raises UnableToRewriteHistory where it is already there."""
        if not self._state.adding:
            raise UnableToRewriteHistory("An audit event is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *_: Any, **__: Any) -> Never:
        raise UnableToRewriteHistory("An audit event is never deleted.")
