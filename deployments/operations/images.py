"""Does the registry still have what a site could go back to? One HEAD request for each such image."""

import logging
from collections.abc import Sequence
from datetime import datetime

from deployments.models import Site
from deployments.queries.rollbacks import rollback_targets
from deployments.registry import Registry, RegistryError
from deployments.rules.images import parse_image

logger = logging.getLogger(__name__)


def look_at_images(*, site_id: int, registry: Registry, now: datetime) -> None:
    """Write for each image that the site could go back to whether it is there; what cannot be asked stays as it was."""
    site = Site.objects.filter(pk=site_id).select_related("observation").first()
    if site is None:
        return
    for image in _images(site):
        try:
            is_there = registry.digest(parse_image(image)) is not None
        except RegistryError as error:
            logger.warning("Whether %s is still there is not known: %s", image, error)
            continue
        seen = {"image_seen_at": now} if is_there else {}
        site.deploys.filter(image=image).update(image_gone=not is_there, **seen)


def _images(site: Site) -> Sequence[str]:
    return [target.image for target in rollback_targets(site) if target.succeeded_at]
