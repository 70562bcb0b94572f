"""HeadCheck: when the heads are checked next between two syncs, and which sites have something pending. One row."""

from datetime import timedelta
from typing import ClassVar

from django.db import models

from deployments.models.fields import times_in_range


class HeadCheck(models.Model):
    next_at = models.DateTimeField(help_text="When all heads are checked next.")
    pause = models.DurationField(
        default=timedelta(minutes=2),
        help_text="Between two of these: the setting, or what GitHub's budget allows.",
    )
    watch_at = models.DateTimeField(
        null=True, help_text="When heads with something pending are checked next."
    )
    watched = models.JSONField(
        default=dict, help_text="site's key: [head, since when] of those that have something under way"
    )
    unread = models.JSONField(
        default=dict,
        db_default=models.Value({}, output_field=models.JSONField()),
        help_text="site's key: [digest, since when] of moving tags' builds that a sync was queued to read",
    )
    found_at = models.DateTimeField(null=True, help_text="When it last found a new head before any hook did.")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(pk=1), name="head_check_is_the_only_one"),
            models.CheckConstraint(
                condition=times_in_range("next_at", "watch_at", "found_at"), name="head_check_times_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"head check of {self.next_at}"
