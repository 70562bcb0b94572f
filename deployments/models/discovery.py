"""Discovery: what a worker found in the cluster that no site maps, at its last search. One row, as Examination is one."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from deployments.models.fields import dns_label, times_in_range
from deployments.models.single_answer import SingleAnswer


class Discovery(SingleAnswer):
    namespaces = ArrayField(
        models.CharField(max_length=63, validators=[dns_label]),
        blank=True,
        default=list,
        help_text="Where to search. Empty: where sites are mapped, else in default.",
    )
    words = models.CharField(
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text="Only what has each of them in a name, an image or a host. Empty: everything.",
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

    @property
    def has_failed(self) -> bool:
        """Whether a step could not check what it should, so that finding nothing means little."""
        return any(each["grade"] == "bad" for step in self.steps for each in step["findings"])
