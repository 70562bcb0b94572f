"""What a person requested from the cluster on a site's page: its pods, and a container's log. A worker answers, and the answer is kept for minutes."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models

from deployments.models.fields import times_in_range

KEPT_FOR = timedelta(minutes=10)


class PodCheck(models.Model):
    """The pods of a site's workloads when a worker last listed them."""

    # Without a constraint: code that knows no such rows may still delete a site. They go after minutes.
    site = models.OneToOneField(
        "Site", on_delete=models.CASCADE, db_constraint=False, primary_key=True, related_name="pod_check"
    )
    asked_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)
    pods = models.JSONField(null=True, help_text="As facts.listed_pods_as_json writes them.")
    problem = models.TextField(blank=True, default="", db_default="", help_text="Why they are not known.")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=times_in_range("asked_at", "checked_at"), name="pod_check_times_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"pods of {self.site_id}"

    def is_under_way(self, *, now: datetime) -> bool:
        """Whether a worker has still to answer; one that does not for a minute will not."""
        is_answered = self.checked_at is not None and self.checked_at >= self.asked_at
        return not is_answered and now - self.asked_at < timedelta(minutes=1)


class ContainerLog(models.Model):
    """The last lines of one container of a pod; without a container, of the one that says most."""

    site = models.ForeignKey("Site", on_delete=models.CASCADE, db_constraint=False, related_name="logs")
    namespace = models.CharField(max_length=63, blank=True)
    pod = models.CharField(max_length=253)
    container = models.CharField(max_length=63, blank=True)
    previous = models.BooleanField(default=False, help_text="Of the run before the present one.")
    asked_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    shown_container = models.CharField(max_length=63, blank=True, default="", db_default="")
    shown_previous = models.BooleanField(default=False, db_default=False)
    choices = models.JSONField(null=True, help_text="The logs that the pod has: [{container, previous}]")
    text = models.TextField(blank=True, default="", db_default="")
    problem = models.TextField(blank=True, default="", db_default="", help_text="Why it cannot be read.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["site", "namespace", "pod", "container", "previous"], name="container_log_once"
            ),
            models.CheckConstraint(
                condition=times_in_range("asked_at", "read_at"), name="container_log_times_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"log of {self.pod}"

    @property
    def is_under_way(self) -> bool:
        return self.read_at is None or self.read_at < self.asked_at
