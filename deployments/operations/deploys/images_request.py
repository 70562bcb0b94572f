"""Ask for a look at the images a site could go back to; a worker does it."""

from django_q.tasks import async_task

from deployments.models import Site


def request_image_check(*, site: Site) -> None:
    """Queue a look at a site's images."""
    async_task("deployments.tasks.check_rollback_images", site.pk, q_options={"group": "images"})
