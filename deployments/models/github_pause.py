"""GitHubPause: which account GitHub wants to wait, and until when. Every process reads it before a request."""

from typing import ClassVar

from django.db import models

from deployments.models.fields import times_in_range


class GitHubPause(models.Model):
    who = models.CharField(
        max_length=80, unique=True, help_text="The account, and what of it: graphql or core."
    )
    until = models.DateTimeField()
    in_a_row = models.PositiveSmallIntegerField(
        default=1, help_text="Rate limits in a row, with no other answer between."
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=times_in_range("until"), name="github_pause_times_in_range"),
        ]
        verbose_name = "GitHub pause"

    def __str__(self) -> str:
        return f"{self.who} rests until {self.until:%Y-%m-%d %H:%M:%S}"
