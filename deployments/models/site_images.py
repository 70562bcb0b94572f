"""Where a site's images are: its repositories, and the image of a commit, a version or a moving tag."""

from dataclasses import replace
from functools import lru_cache

from django.conf import settings

from deployments.rules.builds import CommitSource, tag_of_branch
from deployments.rules.images import (
    ImageReference,
    ImageTemplate,
    UnableToParseImage,
    UnableToParseTemplate,
    parse_image,
)
from deployments.rules.rollbacks import is_of


@lru_cache(maxsize=8192)
def _expected_repository(text: str, owner: str, repository: str, commit_source: str) -> str:
    template = ImageTemplate.parse(text)
    if commit_source == CommitSource.TAG and template.names_version:
        # It names no commit's image.
        return ""
    return template.repository_for(owner=owner, repository=repository)


class SiteImages:
    """The part of Site that knows images. Reads the site's own fields, and its observation where there is one."""

    owner: str
    repository: str
    branch: str
    image_template: str
    commit_source: str
    moving_tag: str
    former_repository: str

    @property
    def template(self) -> ImageTemplate:
        return ImageTemplate.parse(self.image_template or settings.IMAGE_TEMPLATE)

    @property
    def expected_repository(self) -> str:
        """Image repository of this site's images, like registry.example.com/my-team/cron; empty where the template gives none."""
        try:
            return _expected_repository(
                self.image_template or settings.IMAGE_TEMPLATE,
                self.owner,
                self.repository,
                self.commit_source,
            )
        except (UnableToParseTemplate, UnableToParseImage):
            return ""

    @property
    def image_repositories(self) -> tuple[str, ...]:
        """Where this site's images lie: what it builds, and what it built before a rename; none where the template gives none."""
        return tuple(each for each in (self.expected_repository, self.former_repository) if each)

    def owns(self, image: str) -> bool:
        """Whether an image is this site's."""
        return any(is_of(image, each) for each in self.image_repositories)

    @property
    def is_by_label(self) -> bool:
        return self.commit_source == CommitSource.LABEL

    def moving_image(self, branch: str = "") -> ImageReference:
        """Where a site by label finds its newest build; without a tag where none is named, and the branch is not known.

        Raises UnableToParseTemplate or UnableToParseImage where `expected_repository` is empty.
        """
        seen = getattr(self, "observation", None)
        branch = branch or self.branch or (seen.branch if seen else "")
        image = parse_image(self.template.repository_for(owner=self.owner, repository=self.repository))
        return replace(image, tag=self.moving_tag or tag_of_branch(branch) or None)

    @property
    def is_by_release(self) -> bool:
        return self.commit_source == CommitSource.RELEASE

    def image_of_version(self, version: str) -> ImageReference | None:
        """Where the image of git's tag `version` is pushed; None where no image can be tagged so, or the template gives none."""
        try:
            return self.template.image_for_version(
                owner=self.owner, repository=self.repository, version=version
            )
        except (UnableToParseTemplate, UnableToParseImage):
            return None

    def image_for(self, sha: str) -> ImageReference:
        """Where a build of the commit is pushed; by label this is where the newest is, by release without a tag where its version is not known.

        Raises UnableToParseTemplate or UnableToParseImage where `expected_repository` is empty.
        """
        if self.is_by_label:
            return self.moving_image()
        if self.is_by_release:
            return self._image_by_version(sha)
        return self.template.image_for(owner=self.owner, repository=self.repository, sha=sha)

    def image_of_head(self, *, sha: str, version: str) -> ImageReference | None:
        """Where the newest commit's own image is pushed, by release the newest version's; None where no image can be tagged with that.

        Raises UnableToParseTemplate or UnableToParseImage where `expected_repository` is empty.
        """
        return self.image_of_version(version) if self.is_by_release else self.image_for(sha)

    def _image_by_version(self, sha: str) -> ImageReference:
        seen = getattr(self, "observation", None)
        image = None
        if seen and seen.built_version and sha == seen.ready_below:
            image = self.image_of_version(seen.built_version)
        elif seen and seen.head_version and sha == seen.head_sha:
            image = self.image_of_version(seen.head_version)
        return image or parse_image(
            self.template.repository_for(owner=self.owner, repository=self.repository)
        )

    def check_template(self) -> None:
        """Raise UnableToParseTemplate or UnableToParseImage where it names no image by this commit source."""
        if self.commit_source == CommitSource.TAG:
            self.template.image_for(owner=self.owner, repository=self.repository, sha="0" * 40)
        self.template.repository_for(owner=self.owner, repository=self.repository)
