"""Site: the mapping from a GitHub repository to the workloads that run its image, and to the host where they answer."""

from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q

from deployments.models.fields import (
    DNS_NAME,
    dns_name,
    git_tag_pattern,
    github_owner,
    github_repository,
    http_path,
    image_tag,
    object_name,
    tags_of_site,
    times_in_range,
)
from deployments.models.push import StarredSite
from deployments.models.site_images import SiteImages
from deployments.models.site_workloads import SiteWorkloads, workload_rows
from deployments.rules.builds import CommitSource
from deployments.rules.images import (
    ImageTemplate,
    UnableToParseImage,
    UnableToParseTemplate,
)
from deployments.rules.paths import UnableToParsePaths, parse_paths

WEEK_MINUTES = 7 * 24 * 60
RUNS_BY = frozenset({"owner", "repository", "image_template", "commit_source", "moving_tag", "workloads"})
"""Another value means other workloads, or other images."""
OBSERVED_BY = RUNS_BY | {"branch", "tag_pattern", "prereleases"}
"""Another value makes untrue what was observed of the site."""
SETTINGS = frozenset(
    {
        *(
            "name",
            "host",
            "tags",
            "release_job",
            "pins_digest",
            "paths",
            "requires_provenance",
            "auto_deploy",
            "auto_rollback",
            "wait_for_ci",
            "minimum_interval_minutes",
        ),
        *("check_enabled", "check_path", "check_status", "check_timeout_seconds"),
    }
)
"""Whatever these are, what was observed stays true. Every field that people fill in is in one of the two, and so are `workloads`."""


def validate_image_template(text: str) -> None:
    """Raise ValidationError with the parser's own sentence."""
    try:
        ImageTemplate.parse(text)
    except UnableToParseTemplate as error:
        raise ValidationError(str(error)) from error


def validate_paths(text: str) -> None:
    """Raise ValidationError with the parser's own sentence."""
    try:
        parse_paths(text)
    except UnableToParsePaths as error:
        raise ValidationError(str(error)) from error


class SiteQuerySet(models.QuerySet["Site"]):
    def with_star_of(self, user_id: int | None) -> Self:
        """Read along, in the same statement, whether this person has starred each site."""
        stars = StarredSite.objects.filter(site=OuterRef("pk"), preference=user_id)
        return self.annotate(is_starred=Exists(stars))

    def with_workloads(self) -> Self:
        """Read each site's workloads along, in the same statement."""
        return self.annotate(workload_rows=workload_rows())


class Site(SiteImages, SiteWorkloads, models.Model):
    name = models.CharField(
        max_length=253,
        unique=True,
        blank=True,
        # What was called host, when a site could have no other name: the column keeps its name, so that older code finds it.
        db_column="host",
        validators=[dns_name],
        help_text="What the site is called here and in addresses, like cron.example.com or cron-worker. Defaults to the host.",
    )
    host = models.CharField(
        max_length=253,
        blank=True,
        default="",
        db_column="dns_name",
        db_default="",
        validators=[dns_name],
        help_text="Where the site answers over HTTPS, like cron.example.com. Leave empty if it has no website; then there is no health check.",
    )
    tags = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        validators=[tags_of_site],
        help_text="Words to filter the list by, separated by spaces, like backend team-a.",
    )
    owner = models.CharField(
        max_length=39, validators=[github_owner], help_text="GitHub user or organisation."
    )
    repository = models.CharField(
        max_length=100,
        validators=[github_repository],
        help_text="The repository's name, as in its GitHub address after the owner.",
    )
    branch = models.CharField(
        max_length=255, blank=True, help_text="Defaults to the repository's default branch."
    )
    paths = models.CharField(
        max_length=1000,
        blank=True,
        default="",
        db_default="",
        validators=[validate_paths],
        help_text="Of a repository with several apps: what belongs to this one, like services/api/**, go.mod. Commits that touch none of it are not "
        "behind. Leave empty to count every commit.",
    )
    image_template = models.CharField(
        max_length=512,
        blank=True,
        validators=[validate_image_template],
        help_text="Where a commit's image is, like registry.example.com/{owner}/{repository}:{sha}. Defaults to IMAGE_TEMPLATE.",
    )
    commit_source = models.CharField(
        "commits are known by",
        max_length=7,
        default=CommitSource.TAG,
        db_default=CommitSource.TAG.value,
        choices=[
            (CommitSource.TAG.value, "the image's tag"),
            (CommitSource.LABEL.value, "the image's label"),
            (CommitSource.RELEASE.value, "the image's version"),
        ],
        help_text="`tag`: each build has a tag with its commit. `label`: builds share a tag that moves, and say their commit in the label "
        "org.opencontainers.image.revision; of the image template, the repository alone counts. `release`: the newest version is deployed, and images "
        "are tagged with it; end the image template with {version} for 1.4.2, or with {tag} for v1.4.2.",
    )
    moving_tag = models.CharField(
        max_length=128,
        blank=True,
        default="",
        db_default="",
        validators=[image_tag],
        help_text="By label: the tag that the newest build gets, like main or latest. Defaults to the branch's name.",
    )
    tag_pattern = models.CharField(
        max_length=100,
        blank=True,
        default="",
        db_default="",
        validators=[git_tag_pattern],
        help_text="By release: the newest version is the highest tag of git that fits this pattern, like v* or api/v*. Defaults to GitHub's latest release.",
    )
    prereleases = models.BooleanField(
        "pre-releases too",
        default=False,
        db_default=False,
        help_text="By release: a pre-release, like v2.0.0-rc.1, may be the newest version.",
    )
    pins_digest = models.BooleanField(
        "deploy by digest",
        default=False,
        db_default=False,
        help_text="Deploys name the image's digest after its tag, so that a tag that is pushed again changes nothing. By label this is always so.",
    )
    release_job = models.CharField(
        max_length=52,
        blank=True,
        default="",
        db_default="",
        validators=[object_name],
        help_text="A suspended CronJob beside the first workload: a Job made from it, with the new image, must complete before anything is changed.",
    )
    former_repository = models.TextField(
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="Image repository before the GitHub repository was renamed: its images are still this site's.",
    )
    auto_deploy = models.BooleanField(
        default=False,
        help_text="The sync deploys new commits automatically, as soon as their image is built and CI is not red.",
    )
    check_enabled = models.BooleanField(
        "health check",
        default=True,
        help_text="Check the site over HTTPS after deploying, from where the worker runs.",
    )
    check_path = models.CharField(
        "path",
        max_length=500,
        default="/",
        validators=[http_path],
        help_text="Redirects are followed on this host only.",
    )
    check_status = models.PositiveSmallIntegerField(
        "expected status",
        default=200,
        validators=[MinValueValidator(200), MaxValueValidator(599)],
        help_text="The HTTP status of a good answer.",
    )
    check_timeout_seconds = models.PositiveSmallIntegerField(
        "answers within (seconds)",
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text="A host that needs longer has not answered.",
    )
    auto_rollback = models.BooleanField(
        "auto-rollback",
        default=False,
        help_text="Restore the previous version if a deploy fails or takes too long (once).",
    )
    wait_for_ci = models.BooleanField(
        "wait for CI",
        default=True,
        help_text="Auto-deploy waits until CI has passed. Red CI always holds a commit back.",
    )
    requires_provenance = models.BooleanField(
        "require an attestation",
        default=False,
        db_default=False,
        help_text="Auto-deploy takes an image only where GitHub lists an attestation that it was built from this commit of this repository. "
        "Headway does not check its signature.",
    )
    minimum_interval_minutes = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(WEEK_MINUTES)],
        help_text="Auto-deploy leaves at least this many minutes between two deploys. 0: none.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SiteQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]
        permissions: ClassVar = [("deploy_site", "Can deploy a site, hold it and resume it")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(name__regex=DNS_NAME), name="site_host_is_dns_name"),
            models.CheckConstraint(
                condition=Q(host="") | Q(host__regex=DNS_NAME), name="site_dns_name_is_one_or_none"
            ),
            models.CheckConstraint(
                condition=Q(check_timeout_seconds__range=(1, 60)), name="site_check_timeout_is_short"
            ),
            models.CheckConstraint(condition=times_in_range("created_at"), name="site_times_in_range"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Lower-case what DNS compares without case, name the site like its host where it has no name, and see that a commit has an image."""
        self.host = self.host.strip().lower()
        self.name = (self.name or self.host).strip().lower()
        if not self.name:
            raise ValidationError({"name": "Name the site, or give its host: one of the two is needed."})
        try:
            if self.owner and self.repository:
                self.check_template()
        except UnableToParseTemplate:
            # The field's own validator says so, or the system checks, where it is the project's.
            return
        except UnableToParseImage as error:
            raise ValidationError({"image_template": f"Filled in for this site: {error}"}) from error


def mapping_fields() -> "dict[str, models.Field[Any, Any]]":
    """Return the fields that people fill in, by name, in the model's order: the admin, CSV files and docs have them all."""
    fields = Site._meta.concrete_fields  # noqa: SLF001  Django's documented Meta API
    return {each.name: each for each in fields if each.editable and not each.primary_key}
