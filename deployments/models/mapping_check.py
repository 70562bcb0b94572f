"""MappingCheck: what a worker answered about a mapping when it was last saved. One row per site."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models

from deployments.models.fields import times_in_range


class MappingCheck(models.Model):
    # Code from before this table deletes a mapping without it: the row is left behind, and harms nobody.
    site = models.OneToOneField(
        "Site", on_delete=models.CASCADE, db_constraint=False, related_name="mapping_check"
    )
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    findings = models.JSONField(
        default=list,
        help_text="[{subject, grade, message, remedy}]: subjects are fields of Site, and places of workloads.",
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=times_in_range("asked_at", "answered_at"), name="mapping_check_times_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"check of {self.site_id}, {self.asked_at}"

    @classmethod
    def ask(cls, site_id: int, *, now: datetime) -> None:
        """Record a request for a check; a pending answer to an earlier one no longer counts."""
        cls.objects.update_or_create(
            site_id=site_id, defaults={"asked_at": now, "answered_at": None, "findings": []}
        )

    def answer(self, findings: list[dict[str, Any]], *, now: datetime) -> bool:
        """Keep the answer, unless another one was requested meanwhile; return whether it was kept."""
        same = type(self).objects.filter(pk=self.pk, asked_at=self.asked_at)
        return bool(same.update(answered_at=now, findings=findings))
