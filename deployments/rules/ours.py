"""An image that Headway set stays Headway's, however admission rewrites it, until someone else sets another one.

Mutating webhooks pin images by digest or lead them to a mirror, when we patch or whenever anyone writes the object; the API
server attributes such a change to the client that wrote: https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from deployments.rules.images import UnableToParseImage, parse_image
from deployments.rules.times import CLOCKS_DIFFER
from deployments.rules.workloads import (
    OUR_MANAGER,
    Workload,
    all_images,
    image_writer,
    is_same_image,
)

DEPLOY_ANNOTATION = "headway.dev/deploy"
PUT_BACK = "put_back"
"""The reason of a Deploy that ended so."""
PUT_BACK_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class PutBack:
    """Someone restored the previous image, this long after our patch."""

    by: str
    after: timedelta


def is_ours(
    deployment: Workload,
    *,
    container: str,
    images: Collection[str],
    digest: str = "",
    deploy_id: int,
    sets_image: bool = True,
) -> bool:
    """Whether the container has the image that this Deploy gave it, or, where that sets none, the one that it found.

    `images` are what it requested, and what the API server answered; `digest` is the requested build. Where the record of
    who wrote is gone, a rewriting of that build is ours.
    """
    present = all_images(deployment).get(container)
    if present is None:
        return False
    if any(is_same_image(present, image) for image in images if image):
        return True
    if image_writer(deployment, container=container) is None and _mark(deployment) == deploy_id:
        return any(is_rewriting_of(present, asked=image, digest=digest) for image in images if image)
    return marked_by(deployment, container=container, sets_image=sets_image) == deploy_id


def marked_by(deployment: Workload, *, container: str, sets_image: bool = True) -> int | None:
    """The id of the Deploy that wrote the Deployment last, where nobody has given the container another image since."""
    mark, writer = _mark(deployment), image_writer(deployment, container=container)
    if mark is None or writer is None:
        return None
    if writer.manager == OUR_MANAGER:
        return mark
    written_at = _our_last_write(deployment)
    is_older = written_at is not None and writer.at is not None and writer.at <= written_at
    return mark if is_older and not sets_image else None


def put_back(
    deployment: Workload, *, container: str, before: str, patched_at: datetime | None = None
) -> PutBack | None:
    """Who put the image of `before` back within a minute of our patch, by the API server's own record; None: nobody did.

    One that replaces the whole object takes our record away with our annotation: then the patch was at `patched_at`, by our clock.
    """
    present, writer = all_images(deployment).get(container, ""), image_writer(deployment, container=container)
    if not before or not is_same_image(present, before) or writer is None or writer.manager == OUR_MANAGER:
        return None
    recorded_at = _our_last_write(deployment)
    written_at, earliest = (recorded_at, timedelta(0)) if recorded_at else (patched_at, -CLOCKS_DIFFER)
    if writer.at is None or written_at is None or not earliest <= writer.at - written_at <= PUT_BACK_WITHIN:
        return None
    return PutBack(by=writer.manager, after=max(timedelta(0), writer.at - written_at))


def recorded_at(workload: Workload, *, deploy_id: int) -> datetime | None:
    """When this Deploy changed the workload, by the cluster's own clock; None where that is not recorded."""
    return _our_last_write(workload) if _mark(workload) == deploy_id else None


def is_rewriting_of(image: str, *, asked: str, digest: str) -> bool:
    """Whether `image` can be what an admission made of `asked`, whose tag meant `digest`: the same tag, or that build."""
    if is_same_image(image, asked):
        return True
    try:
        answered, wanted = parse_image(image), parse_image(asked)
    except UnableToParseImage:
        return False
    if answered.tag is not None and wanted.tag is not None:
        return answered.tag == wanted.tag
    return answered.digest is not None and answered.digest in {digest, wanted.digest}


def _mark(deployment: Workload) -> int | None:
    """The id of the Deploy whose annotation the Deployment has."""
    mark = deployment.annotations.get(DEPLOY_ANNOTATION, "")
    return int(mark) if mark.isascii() and mark.isdigit() else None


def _our_last_write(deployment: Workload) -> datetime | None:
    times = [each.at for each in deployment.managers if each.manager == OUR_MANAGER and each.at]
    return max(times, default=None)
