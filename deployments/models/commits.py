"""CommitRange: the commits between two SHAs. The answer for a pair of SHAs never changes, so it is queried once, forever."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q, Value

from deployments.models.fields import FULL_SHA
from deployments.rules.wording import short


class CommitRange(models.Model):
    owner = models.CharField(max_length=39)
    repository = models.CharField(max_length=100)
    base = models.CharField(max_length=40)
    head = models.CharField(max_length=40)
    base_headline = models.TextField(
        blank=True, default="", db_default="", help_text="The first line of the base's own message."
    )
    total = models.PositiveIntegerField(
        help_text="Commits in the range; `commits` may hold only the newest of them."
    )
    commits = models.JSONField(
        help_text="Newest first: [{sha, headline, author, committed_at, url, parents}]"
    )
    mainline = models.JSONField(
        default=list,
        db_default=Value([], models.JSONField()),
        help_text="Newest first, those below the head that were the branch's newest and come after the base: [{sha, headline}]",
    )
    reverts = models.JSONField(
        default=dict, help_text="Commits that a commit of the range takes back: {taken back: by}"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "repository", "base", "head"], name="commit_range_once"),
            models.CheckConstraint(
                condition=Q(base__regex=FULL_SHA, head__regex=FULL_SHA), name="commit_range_of_shas"
            ),
        ]
        indexes: ClassVar = [GinIndex(fields=["reverts"], name="commit_range_reverts")]

    def __str__(self) -> str:
        return f"{self.owner}/{self.repository} {short(self.base)}..{short(self.head)}"
