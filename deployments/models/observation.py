"""Observation: what was last seen of a site in external services. Written by the sync and by the follower, never by a person.

It is apart from Site, so that saving a mapping in the admin cannot write back an older observation.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from deployments.models.fields import FULL_SHA_OR_EMPTY, times_in_range
from deployments.rules.paths import key_of
from deployments.rules.site_facts import CheckState


class Observation(models.Model):
    site = models.OneToOneField("Site", on_delete=models.CASCADE, primary_key=True)

    repository_id = models.BigIntegerField(null=True, help_text="GitHub's databaseId: it outlives a rename.")
    name_with_owner = models.CharField(max_length=140, blank=True)
    branch = models.CharField(max_length=255, blank=True)
    head_sha = models.CharField(max_length=40, blank=True)
    head_version = models.TextField(
        blank=True, default="", db_default="", help_text="By release: git's tag of the newest version."
    )
    head_headline = models.TextField(blank=True)
    head_author = models.TextField(blank=True)
    head_committed_at = models.DateTimeField(null=True)
    head_seen_at = models.DateTimeField(null=True, help_text="When the newest commit was first seen as that.")
    branch_has_ci = models.BooleanField(
        default=False, db_default=False, help_text="A head of this branch has had CI checks."
    )
    check_state = models.CharField(max_length=8, default="unknown")
    check_problem = models.TextField(
        db_column="check_trouble",
        blank=True,
        default="",
        db_default="",
        help_text="Why GitHub does not say whether CI passed.",
    )
    behind_by = models.PositiveIntegerField(
        null=True, help_text="Commits that the running one lacks; null: not known."
    )
    ahead_by = models.PositiveIntegerField(
        null=True, help_text="Commits that run and are not on the branch; null: not known."
    )
    left_out = models.JSONField(
        null=True,
        help_text="With paths, the commits between what runs and the head that touch none of them, the newest that does, and what they were counted "
        "for: {of, shas, newest}",
    )
    is_archived = models.BooleanField(default=False)
    running_is_unknown = models.BooleanField(
        default=False, help_text="GitHub answered, and does not know the running commit."
    )
    repository_missing = models.BooleanField(
        default=False,
        help_text="GitHub shows no such repository or branch, or another repository by that name.",
    )
    github_refused = models.BooleanField(
        default=False, db_default=False, help_text="GitHub refused in a way that does not resolve by waiting."
    )
    github_problem = models.TextField(db_column="github_trouble", blank=True)
    github_observed_at = models.DateTimeField(
        null=True, help_text="When GitHub last answered well for this site."
    )

    head_image_built = models.BooleanField(null=True)
    built_sha = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="Where the head is not built: the newest commit below it that is, and that comes after what runs.",
    )
    built_from_sha = models.CharField(
        max_length=40, blank=True, default="", db_default="", help_text="What ran when that was found."
    )
    built_headline = models.TextField(blank=True, default="", db_default="")
    built_version = models.TextField(
        blank=True, default="", db_default="", help_text="By release: git's tag of that commit."
    )
    built_check_state = models.CharField(max_length=8, default="unknown", db_default="unknown")
    awaited_check_state = models.CharField(
        max_length=8, default="unknown", db_default="unknown", help_text="CI of `awaited_sha`."
    )
    asked_below = models.JSONField(
        null=True, help_text="Commits below the head that were not built, and when each was first checked."
    )
    build_seconds = models.JSONField(
        null=True,
        help_text="How long the newest five heads that were seen without an image took to have one.",
    )
    provenance = models.JSONField(
        null=True,
        help_text="What GitHub lists for the image that would be deployed next, as facts.provenance_as_json writes it.",
    )
    registry_problem = models.TextField(db_column="registry_trouble", blank=True)

    build_problem = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="By label and by release: why the commit of what runs is not known.",
    )

    desired_image = models.TextField(blank=True)
    requested_image = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="The image that Headway requested, where admission changed it to the desired one; empty where they are the same.",
    )
    desired_sha = models.CharField(max_length=40, blank=True)
    desired_by = models.CharField(
        max_length=128, blank=True, help_text="Field manager that gave the container its image."
    )
    desired_at = models.DateTimeField(null=True)
    accepted_image = models.TextField(
        blank=True,
        help_text="The image that Headway set last, a person adopted, or the first sync found; any other was set outside Headway.",
    )
    running_sha = models.CharField(max_length=40, blank=True)
    running_version = models.TextField(
        blank=True, default="", db_default="", help_text="By release: git's tag of the version that runs."
    )
    workloads = models.JSONField(
        null=True,
        help_text="What was seen of each workload, in the mapping's order: each as facts.workloads_as_json writes it.",
    )
    unmapped = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="What runs the site's image at another commit and is in no mapping, for a person.",
    )
    managed_by = models.TextField(
        blank=True, help_text="Who else manages the Deployment: Argo CD, Flux or Helm."
    )
    ready = models.PositiveIntegerField(default=0)
    wanted = models.PositiveIntegerField(default=0)
    resource_version = models.CharField(
        max_length=64, blank=True, help_text="Of the Deployment when it was last checked."
    )
    outage_reason = models.CharField(
        max_length=40, blank=True, default="", db_default="", help_text="Why no pod is ready, for programs."
    )
    outage_message = models.TextField(blank=True, default="", db_default="")
    outage_log = models.TextField(
        blank=True, default="", db_default="", help_text="The last lines of a container that is not ready."
    )
    outage_pods = models.JSONField(
        null=True, help_text="[{name, status, restarts, created_at}], newest first."
    )
    workload_missing = models.TextField(blank=True)
    cluster_problem = models.TextField(db_column="cluster_trouble", blank=True)
    cluster_observed_at = models.DateTimeField(
        null=True, help_text="When the cluster last answered well for this site."
    )

    latest_deploy = models.ForeignKey("Deploy", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(head_sha__regex=FULL_SHA_OR_EMPTY), name="observation_head_is_sha"
            ),
            models.CheckConstraint(
                condition=Q(running_sha__regex=FULL_SHA_OR_EMPTY), name="observation_running_is_sha"
            ),
            models.CheckConstraint(
                condition=Q(built_sha__regex=FULL_SHA_OR_EMPTY), name="observation_built_is_sha"
            ),
            models.CheckConstraint(
                condition=Q(desired_sha__regex=FULL_SHA_OR_EMPTY), name="observation_desired_is_sha"
            ),
            models.CheckConstraint(
                condition=times_in_range(
                    "head_committed_at",
                    "head_seen_at",
                    "github_observed_at",
                    "desired_at",
                    "cluster_observed_at",
                ),
                name="observation_times_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"what was seen of {self.site_id}"

    def left_out_of(self, paths: str) -> tuple[str, ...] | None:
        """The commits between what runs and the head that touch none of these paths; None where that is not known, and without paths."""
        key = key_of(running=self.running_sha, head=self.head_sha, paths=paths)
        counted = self.left_out or {}
        return tuple(counted["shas"]) if paths and counted.get("of") == key else None

    @property
    def deployed_sha(self) -> str:
        """The commit that the first workload is requested to run, whether its pods do or not; what they run where that is not known."""
        return self.desired_sha or self.running_sha

    @property
    def ready_below(self) -> str:
        """The newest commit that has an image and comes after what runs, where the head has none; else empty.

        By release it may be the head's own commit, by another version. One whose CI failed is nothing to offer.
        """
        is_ahead = self.built_from_sha == self.running_sha != self.built_sha
        is_other = self.built_sha != self.head_sha or self.built_version not in {"", self.head_version}
        is_good = self.built_check_state != CheckState.FAILURE
        return (
            str(self.built_sha)
            if self.head_image_built is False and is_ahead and is_other and is_good
            else ""
        )

    @property
    def awaited_sha(self) -> str:
        """With paths, the newest commit that touches them, where the head touches none and has no image; else empty.

        Pipelines that build by paths build no image of such a head.
        """
        left_out = self.left_out_of(self.site.paths) if self.head_image_built is False else None
        return str((self.left_out or {}).get("newest", "")) if self.head_sha in (left_out or ()) else ""

    @property
    def newest_sha(self) -> str:
        """What *Deploy when ready* waits for: the head, or with paths the newest commit that is the site's."""
        return self.awaited_sha or str(self.head_sha)

    @property
    def target_sha(self) -> str:
        """What a Deploy of the newest would run: the newest commit, or what is ready below it."""
        return self.ready_below or self.newest_sha
