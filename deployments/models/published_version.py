"""PublishedVersion: a Git tag's commit when a site by release first needed it. A version does not change its meaning.

Written by the sync alone. A tag that is moved later keeps its first commit here, so that the move is seen.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from deployments.models.fields import FULL_SHA, times_in_range
from deployments.rules.wording import short


class PublishedVersion(models.Model):
    owner = models.CharField(max_length=39)
    repository = models.CharField(max_length=100)
    name = models.CharField(max_length=255, help_text="Git's tag, like v1.4.2.")
    sha = models.CharField(max_length=40)
    first_seen_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "repository", "name"], name="published_version_once"),
            models.CheckConstraint(condition=Q(sha__regex=FULL_SHA), name="published_version_of_sha"),
            models.CheckConstraint(
                condition=times_in_range("first_seen_at"), name="published_version_times_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.owner}/{self.repository} {self.name} is {short(self.sha)}"
