"""Which commit a build claims, and whether that counts.

A label counts where it is the image's own: https://github.com/opencontainers/image-spec/blob/main/annotations.md has what they mean,
and an image inherits every label of its base image that its own build does not set.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from deployments.rules.wording import short

REVISION = "org.opencontainers.image.revision"
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_DIRTY = re.compile(r"[0-9a-f]{7,40}[-+._]?(dirty|modified)", re.IGNORECASE)
_BEFORE_THE_OWNER = re.compile(r"^(?:[\w+.-]+://)?(?:[^/@]*@)?[\w.-]+\.[\w-]+(?::\d+)?[/:]", re.ASCII)
_TESTED_MERGE = re.compile(r"Merge [0-9a-f]{40} into [0-9a-f]{40}")
_NOT_IN_A_TAG = re.compile(r"[^\w.-]+", re.ASCII)
_LONGEST_TAG = 128


class CommitSource(StrEnum):
    """How the commit of an image is known."""

    TAG = "tag"
    LABEL = "label"
    RELEASE = "release"


@dataclass(frozen=True, kw_only=True)
class BuildFacts:
    """What a build says about itself. `sha` is its commit where GitHub has confirmed it before, else empty."""

    revision: str = ""
    source: str = ""
    sha: str = ""


def tag_of_branch(branch: str) -> str:
    """The tag that docker/metadata-action gives builds of a branch: what no tag may hold becomes a hyphen."""
    return _NOT_IN_A_TAG.sub("-", branch).lstrip("-.")[:_LONGEST_TAG]


def slug_in(source: str) -> str:
    """`owner/name` of a repository's URL in lower case, in any spelling; empty where it is not one."""
    path = _BEFORE_THE_OWNER.sub("", source.strip()).split("#")[0].split("?")[0]
    owner, _, rest = path.strip("/").partition("/")
    name = rest.split("/")[0].removesuffix(".git")
    return f"{owner}/{name}".lower() if owner and name else ""


def claimed_commit(build: BuildFacts, *, slugs: Collection[str]) -> str:
    """The commit, 7 to 40 digits, that the build says it is of the repository called `slugs`; empty where that does not count."""
    if build.sha:
        return build.sha
    return "" if why_not_counted(build, slugs=slugs) else build.revision.lower()


def why_not_counted(build: BuildFacts, *, slugs: Collection[str]) -> str:
    """Why the label alone names no commit of the repository; empty where it does. Slugs are `owner/name`."""
    if build.sha:
        return ""
    if not build.revision:
        return f"its image has no label {REVISION}. Let its build set it, as docker/metadata-action does"
    if _DIRTY.fullmatch(build.revision):
        return (
            f"its image is labelled {build.revision[:60]}: it was built with changes that no commit has. "
            "Build it from what is committed"
        )
    if not _COMMIT.fullmatch(build.revision.lower()):
        return f"its image is labelled “{build.revision[:60]}”, which is not a commit. Label it with all 40 digits of one"
    stated = slug_in(build.source)
    if stated and stated not in {each.lower() for each in slugs}:
        return (
            f"its image is labelled as built from {stated}, and this site is {next(iter(slugs), 'another')}: the labels may be "
            "its base image's. Let its build set its own"
        )
    return ""


def unknown_to_github(commit: str, *, slug: str) -> str:
    """That the repository has no such commit, and what that may come from."""
    if len(commit) < 40:  # noqa: PLR2004  a whole SHA's digits
        return f"its image is labelled {commit}, which is not a single commit of {slug}. Label it with all 40 digits"
    return (
        f"its image is labelled {short(commit)}, which GitHub does not know in {slug}: a force-push removed that commit, or the label is "
        "its base image's. The next build sets it right"
    )


def not_on_branch(commit: str, *, branch: str, headline: str) -> str:
    """That a commit is not on the branch, and why."""
    if _TESTED_MERGE.fullmatch(headline):
        return (
            f"its image was built from {short(commit)}, the merge commit that GitHub makes to test a pull request, and that no branch has. "
            f"Let the workflow push this tag only for pushes to {branch}"
        )
    return (
        f"its image was built from {short(commit)}, which is not on {branch}: a force-push removed it, or another branch's build "
        "took this tag. The next build sets it right"
    )


def not_built_from(sha: str) -> str:
    """That no build of a commit is known, where the label identifies its image."""
    return f"No image says that it was built from {short(sha)}. Wait for its build, then deploy again."


def cleaned_up(image: str) -> str:
    """That an image which was there is gone, or half of it."""
    return f"The registry no longer has all of {image}: it was cleaned up. Build the commit again, or deploy another one."


MOVED = "its tag was pushed again, and its pods run different builds of it. Deploy the newest, which goes by its digest"
BY_TAG = "tag:"


BY_VERSION = "version:"


def version_token(tag: str | None) -> str:
    """How what a site by release runs is spelt until its commit is known: by its image's tag. Empty where it has none."""
    return f"{BY_VERSION}{tag}" if tag else ""


def build_token(*, tag: str | None, digest: str | None) -> str:
    """How a build is spelt until its commit is known: by its digest, else by its tag."""
    return digest or f"{BY_TAG}{tag or 'latest'}"
