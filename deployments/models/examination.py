"""Examination: what the doctor found when a worker last ran it. One row: the web has none of the worker's credentials."""

from typing import ClassVar

from django.db import models

from deployments.models.fields import times_in_range
from deployments.models.single_answer import SingleAnswer


class Examination(SingleAnswer):
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
