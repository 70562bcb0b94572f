"""Does the registry still have a site's rollback targets? One HEAD request for each such image."""

import logging
from datetime import datetime

from deployments.clients.registry import Registry, RegistryError
from deployments.models import Build, Site
from deployments.queries.builds import known_children
from deployments.queries.rollbacks import rollback_targets
from deployments.rules.images import ImageReference, UnableToParseImage, parse_image

logger = logging.getLogger(__name__)


def check_rollback_images(*, site_id: int, registry: Registry, now: datetime) -> None:
    """Write for each image that the site could go back to whether it is there; what cannot be checked stays unchanged."""
    site = Site.objects.filter(pk=site_id).select_related("observation").first()
    if site is None:
        return
    for image in [target.image for target in rollback_targets(site)]:
        try:
            is_there = pullable(parse_image(image), registry) is not None
        except (RegistryError, UnableToParseImage) as error:
            logger.warning("Cannot check whether %s still exists: %s", image, error)
            continue
        note_image(site, image, is_there=is_there, now=now)


def pullable(image: ImageReference, registry: Registry) -> str | None:
    """The image's digest, where all of it can be pulled: an index without its images does not count. Raises RegistryError."""
    return registry.pullable_digest(image, children=known_children(image))


def note_image(site: Site, image: str, *, is_there: bool, now: datetime) -> None:
    """Write down whether the registry has the image, wherever the site's history names it."""
    for name in ("image", "from_image"):
        seen = {f"{name}_seen_at": now} if is_there else {}
        site.deploys.filter(**{name: image}).update(**{f"{name}_gone": not is_there}, **seen)
    if not is_there and site.is_by_label and (digest := parse_image(image).digest):
        # Checked again, should it come back.
        Build.objects.filter(repository__in=site.image_repositories, digest=digest).delete()
