"""The one schedule that a person may change, and only its interval."""

from typing import ClassVar

from django_q.models import Schedule


class SyncSchedule(Schedule):  # type: ignore[misc]  # django-q2 carries no types
    class Meta:
        proxy = True
        verbose_name = "sync schedule"
        verbose_name_plural = "sync schedule"
        default_permissions: ClassVar = ("view", "change")

    def __str__(self) -> str:
        return f"every {self.minutes} minutes"
