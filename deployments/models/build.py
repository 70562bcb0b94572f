"""Build: what one image digest says it was built from. A digest never changes its meaning, so it is queried once, forever.

Written by the sync alone.
"""

from collections.abc import Iterable
from typing import ClassVar, Self

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from deployments.models.fields import FULL_SHA_OR_EMPTY, times_in_range
from deployments.rules.builds import BuildFacts


class BuildQuerySet(models.QuerySet["Build"]):
    def of_digests(self, repositories: Iterable[str], digests: Iterable[str]) -> Self:
        """Those with one of these digests, be it their own or that of one of their platforms' images."""
        wanted = sorted(set(digests))
        return self.filter(
            Q(digest__in=wanted) | Q(platforms__has_any_keys=wanted), repository__in=set(repositories)
        )


class Build(models.Model):
    repository = models.CharField(
        max_length=512, help_text="Image repository, like registry.example.com/team/app."
    )
    digest = models.CharField(max_length=136)
    revision = models.TextField(blank=True, help_text="What its label or annotation says, as it is.")
    source = models.TextField(blank=True, help_text="The same of the repository that it was built from.")
    sha = models.CharField(
        max_length=40, blank=True, help_text="Its commit, once GitHub has confirmed that there is one."
    )
    platforms = models.JSONField(
        default=dict, help_text="Of an index, its images: {digest: platform}. Pods report either digest."
    )
    built_at = models.DateTimeField(null=True, help_text="As its label says.")
    last_seen_at = models.DateTimeField(help_text="To the day.")

    objects = BuildQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["repository", "digest"], name="build_once"),
            models.CheckConstraint(condition=Q(sha__regex=FULL_SHA_OR_EMPTY), name="build_of_sha"),
            models.CheckConstraint(
                condition=times_in_range("built_at", "last_seen_at"), name="build_times_in_range"
            ),
        ]
        indexes: ClassVar = [
            GinIndex(fields=["platforms"], name="build_platforms"),
            models.Index(fields=["repository", "sha"], name="build_of_commit"),
        ]

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}"

    @property
    def facts(self) -> BuildFacts:
        """The same as rules judge by."""
        return BuildFacts(revision=self.revision, source=self.source, sha=self.sha)

    @property
    def digests(self) -> frozenset[str]:
        """Every digest that a pod which runs it may report."""
        return frozenset({self.digest, *self.platforms})
