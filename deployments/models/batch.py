"""DeployBatch: several sites' Deploys as one request, a chosen number at a time."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from deployments.models.fields import FULL_SHA, times_in_range
from deployments.rules.wording import short

MOST_AT_ONCE = 5


class DeployBatch(models.Model):
    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        STOPPED = "stopped"
        CANCELLED = "cancelled"

    state = models.CharField(max_length=9, choices=State, default=State.RUNNING)
    message = models.TextField(
        db_column="sentence", blank=True, help_text="Its progress or how it ended, for a person."
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    requested_by_name = models.CharField(max_length=150, help_text="Stays when the user is deleted.")
    requested_at = models.DateTimeField()
    at_once = models.PositiveSmallIntegerField(
        default=1, db_default=1, help_text="How many of its deploys may be under way at the same time."
    )
    finished_at = models.DateTimeField(null=True)
    idempotency_key = models.UUIDField(null=True, unique=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name_plural = "deploy batches"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="running", finished_at=None)
                | (~Q(state="running") & Q(finished_at__isnull=False)),
                name="deploy_batch_ended_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(at_once__range=(1, MOST_AT_ONCE)), name="deploy_batch_at_once_in_range"
            ),
            models.CheckConstraint(
                condition=times_in_range("requested_at", "finished_at"), name="deploy_batch_times_in_range"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(state="running"), name="deploy_batch_running")
        ]

    def __str__(self) -> str:
        return f"batch {self.pk}"

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING

    def end(self, state: State, *, message: str, now: datetime) -> None:
        """End it, where it has not ended yet."""
        values = {"state": state, "message": message, "finished_at": now}
        if DeployBatch.objects.filter(pk=self.pk, state=self.State.RUNNING).update(**values):
            self.state, self.message, self.finished_at = state, message, now


class BatchItem(models.Model):
    batch = models.ForeignKey(DeployBatch, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    site = models.ForeignKey("Site", on_delete=models.CASCADE, related_name="+")
    sha = models.CharField(max_length=40)
    seen_sha = models.CharField(
        max_length=40, blank=True, help_text="The deployed commit that the page showed."
    )
    headline = models.TextField(blank=True)
    deploy = models.ForeignKey("Deploy", null=True, on_delete=models.SET_NULL, related_name="batch_items")
    is_done = models.BooleanField(default=False)
    message = models.TextField(db_column="sentence", blank=True, help_text="Why it was not deployed.")

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "position"], name="batch_item_has_its_place"),
            models.UniqueConstraint(fields=["batch", "site"], name="batch_item_once_per_site"),
            models.CheckConstraint(condition=Q(sha__regex=FULL_SHA), name="batch_item_sha_is_full"),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {short(self.sha)}"
