"""DeployEvent: a line of a Deploy's timeline. Written together with the change that it records, never changed again."""

from typing import ClassVar

from django.db import models

from deployments.models.fields import times_in_range


class EventKind(models.TextChoices):
    ASKED = "asked"
    MOVED = "moved"
    NOTED = "noted"
    ENDED = "ended"


class DeployEvent(models.Model):
    deploy = models.ForeignKey("Deploy", on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=5, choices=EventKind)
    message = models.TextField(
        db_column="sentence",
    )

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(kind__in=EventKind.values), name="event_kind_is_known"),
            models.CheckConstraint(condition=times_in_range("at"), name="deploy_event_times_in_range"),
        ]

    def __str__(self) -> str:
        return self.message
