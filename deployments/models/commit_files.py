"""CommitFiles: what one commit changed. A commit never changes, so it is queried once, for all sites of its repository.

Only for sites whose mapping names paths.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from deployments.models.fields import FULL_SHA
from deployments.rules.wording import short


class CommitFiles(models.Model):
    owner = models.CharField(max_length=39)
    repository = models.CharField(max_length=100)
    sha = models.CharField(max_length=40)
    files = models.JSONField(
        null=True, help_text="Paths, of a renamed file both; null: more than GitHub lists at once."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "repository", "sha"], name="commit_files_once"),
            models.CheckConstraint(condition=Q(sha__regex=FULL_SHA), name="commit_files_of_sha"),
        ]

    def __str__(self) -> str:
        return f"files of {self.owner}/{self.repository} {short(self.sha)}"
