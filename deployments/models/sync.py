"""SyncRun: one pass over all sites, or over the few that an event concerned."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from deployments.models.fields import times_in_range


class SyncRun(models.Model):
    class Result(models.TextChoices):
        RUNNING = "running"
        GOOD = "good", "OK"
        WITH_PROBLEMS = "troubled", "some sites couldn't be checked"
        FAILED = "failed"

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=8, choices=Result, default=Result.RUNNING)
    trigger = models.CharField(
        max_length=32, help_text="schedule, person, command, or what else triggered it"
    )
    is_full = models.BooleanField(default=True, help_text="Over all sites, not only a few.")
    sites = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0, help_text="Sites whose observation changed.")
    with_problems = models.PositiveIntegerField(
        db_column="troubled", default=0, help_text="Sites that could not be checked."
    )
    requested = models.PositiveIntegerField(default=0, help_text="Deploys that this run began.")
    github_requests = models.PositiveIntegerField(default=0)
    github_remaining = models.PositiveIntegerField(null=True)
    registry_requests = models.PositiveIntegerField(default=0)
    github_limit = models.PositiveIntegerField(null=True)
    github_resets_at = models.DateTimeField(null=True)
    cluster_requests = models.PositiveIntegerField(default=0)
    message = models.TextField(db_column="sentence", blank=True)
    decisions = models.JSONField(default=dict, help_text="name: [verdict, reason, state, trouble]")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=times_in_range("started_at", "finished_at", "github_resets_at"),
                name="sync_run_times_in_range",
            ),
        ]
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["-finished_at"], condition=Q(is_full=True), name="sync_run_last_full")
        ]

    def __str__(self) -> str:
        return f"sync of {self.started_at:%Y-%m-%d %H:%M}"
