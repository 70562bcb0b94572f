"""Which image a commit has, where images do not have it in their tags."""

from dataclasses import replace

from deployments.models import Build, PublishedVersion, Site
from deployments.rules.images import ImageReference, parse_image
from deployments.rules.versions import Version, versions_of_each
from deployments.rules.wording import short


def image_of_commit(site: Site, sha: str) -> str:
    """What a Deploy of this commit runs: by label the newest build of it, by its digest, by release its latest version; without one where none is known yet.

    Raises UnableToParseTemplate or UnableToParseImage where the site's template gives no image. Runs one SQL query by label, and by release for an older version, else none.
    """
    image = site.image_for(sha)
    if site.is_by_release and not image.tag:
        return str(image_of_release(site, sha) or image)
    build = build_of(site, sha)
    return str(_pinned(image, build) if build else image)


def says_commit(site: Site, image: str, sha: str) -> bool:
    """Whether an image's tag says that it is of this commit. Runs one SQL query by release, else none."""
    if not site.is_by_release:
        return short(sha) in image
    known = PublishedVersion.objects.filter(owner=site.owner, repository=site.repository, sha=sha)
    return any(str(site.image_of_version(each)) == image for each in known.values_list("name", flat=True))


def image_of_release(site: Site, sha: str) -> ImageReference | None:
    """The image of the newest version of a commit; None where no version of it is known. Runs one SQL query."""
    return next(iter(images_of_release(site, sha)), None)


def images_of_release(site: Site, sha: str) -> list[ImageReference]:
    """Those of all known versions of a commit, the newest first: any may be there. Runs one SQL query."""
    rows = PublishedVersion.objects.filter(owner=site.owner, repository=site.repository, sha=sha)
    known = [Version(name=each, sha=sha) for each in rows.order_by("-pk").values_list("name", flat=True)]
    images = (site.image_of_version(each.name) for each in versions_of_each(known, [sha], prereleases=True))
    return [each for each in images if each]


def build_of(site: Site, sha: str) -> Build | None:
    """The build of a commit that was seen last, an index before one of its images; None where none is known, or the site's images say it in their tags."""
    if not (site.is_by_label and sha):
        return None
    builds = Build.objects.filter(repository__in=site.image_repositories, sha=sha)
    seen_last = list(builds.order_by("-last_seen_at", "-built_at", "-pk"))
    parts = {digest for each in seen_last for digest in each.platforms}
    return next((each for each in seen_last if each.digest not in parts), None)


def image_of(site: Site, build: Build) -> str:
    """How a site by label runs this build."""
    return str(_pinned(site.moving_image(), build))


def known_children(image: ImageReference) -> tuple[str, ...]:
    """The digests of an index' images, where a sync has read them."""
    if not image.digest:
        return ()
    platforms = Build.objects.filter(repository=image.repository, digest=image.digest)
    return tuple(platforms.values_list("platforms", flat=True).first() or ())


def _pinned(image: ImageReference, build: Build) -> ImageReference:
    where = parse_image(build.repository)
    return replace(where, tag=image.tag, digest=build.digest)
