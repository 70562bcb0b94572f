"""Hold: a stop with a reason, on a site, on one commit of it, or on everything."""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from deployments.models.fields import FULL_SHA_OR_EMPTY, times_in_range


class HoldQuerySet(models.QuerySet["Hold"]):
    def standing(self, *, now: datetime) -> Self:
        """Holds that are neither resumed nor past their end."""
        return self.filter(Q(resumed_at=None) & (Q(until=None) | Q(until__gt=now)))


class Hold(models.Model):
    site = models.ForeignKey(
        "Site",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="holds",
        help_text="Empty: everything.",
    )
    sha = models.CharField(max_length=40, blank=True, help_text="Empty: every commit.")
    reason = models.CharField(max_length=500)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    placed_by_name = models.CharField(max_length=150)
    placed_at = models.DateTimeField()
    rollback = models.ForeignKey(
        "Deploy",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="What it protects: where that changes nothing, the hold ends with it.",
    )
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: until resumed.")
    resumed_at = models.DateTimeField(db_column="lifted_at", null=True)
    resumed_by_name = models.CharField(db_column="lifted_by_name", max_length=150, blank=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(sha__regex=FULL_SHA_OR_EMPTY), name="hold_sha_is_full"),
            models.CheckConstraint(
                condition=Q(site__isnull=False) | Q(sha=""), name="hold_commit_has_a_site"
            ),
            models.UniqueConstraint(
                fields=["site", "sha"],
                condition=Q(resumed_at=None),
                nulls_distinct=False,
                name="hold_one_standing_each",
                violation_error_message="This is on hold already. Resume it first.",
            ),
            models.CheckConstraint(
                condition=times_in_range("placed_at", "until", "resumed_at"), name="hold_times_in_range"
            ),
        ]

    def __str__(self) -> str:
        return self.reason
