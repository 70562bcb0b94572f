"""Examination: what the doctor found when a worker last ran it. One row: the web has none of the worker's credentials."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models

from deployments.models.fields import times_in_range


class Examination(models.Model):
    asked_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    untrusted_proxy_at = models.DateTimeField(
        null=True, help_text="When web last saw X-Forwarded-For while TRUSTED_PROXIES is 0."
    )
    findings = models.JSONField(default=list, help_text="[{subject, grade, sentence, remedy}]")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(pk=1), name="examination_is_the_only_one"),
            models.CheckConstraint(
                condition=times_in_range("asked_at", "finished_at", "untrusted_proxy_at"),
                name="examination_times_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"examination of {self.finished_at}"

    @classmethod
    def latest(cls) -> Self:
        """The one there is; empty where none was asked for yet."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)

    @classmethod
    def record(cls, **values: datetime | list[dict[str, Any]]) -> None:
        """Write these of its columns in one statement; the others stay, as web's role may write one of them alone."""
        cls.objects.bulk_create(
            [cls(pk=1, **values)],  # type: ignore[list-item]  # the stubs know no Self
            update_conflicts=True,
            update_fields=list(values),
            unique_fields=["pk"],
        )

    @property
    def is_under_way(self) -> bool:
        return self.asked_at is not None and (self.finished_at is None or self.finished_at < self.asked_at)
