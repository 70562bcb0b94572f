"""Discovery: what a worker found in the cluster that no site stands for, when it last searched. One row, as Examination is one."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models

from deployments.models.fields import dns_label, times_in_range


class Discovery(models.Model):
    asked_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    namespaces = ArrayField(
        models.CharField(max_length=63, validators=[dns_label]),
        blank=True,
        default=list,
        help_text="Where to search. Empty: where sites are mapped, else in default.",
    )
    steps = models.JSONField(
        default=list, help_text="[{title, findings: [{subject, grade, message, remedy}]}]"
    )
    apps = models.JSONField(
        default=list, help_text="What could be a site each, as operations/first_start finds it."
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(pk=1), name="discovery_is_the_only_one"),
            models.CheckConstraint(
                condition=times_in_range("asked_at", "finished_at"), name="discovery_times_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"discovery of {self.finished_at}"

    @classmethod
    def latest(cls) -> Self:
        """The one there is; empty where none was asked for yet."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)

    @classmethod
    def record(cls, **values: datetime | list[Any]) -> None:
        """Write these of its columns in one statement; web's role may write only what it asks for."""
        cls.objects.bulk_create(
            [cls(pk=1, **values)],  # type: ignore[list-item]  # the stubs know no Self
            update_conflicts=True,
            update_fields=list(values),
            unique_fields=["pk"],
        )

    @property
    def is_under_way(self) -> bool:
        return self.asked_at is not None and (self.finished_at is None or self.finished_at < self.asked_at)
