"""Ask for a look at the images a site could go back to; a worker does it."""

from deployments.models import Site
from deployments.queue import enqueue


def request_image_check(*, site: Site) -> None:
    """Queue a look at a site's images."""
    enqueue.check_rollback_images(site.pk)
