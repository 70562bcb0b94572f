"""Which heads are built: one HEAD request for each head that is not known to be, never a listing."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from deployments.registry import Registry, RegistryError
from deployments.rules.images import ImageReference

AT_ONCE = 8

Built = bool | RegistryError


def gather_images(images: Iterable[ImageReference], registry: Registry) -> dict[ImageReference, Built]:
    """Return for each image whether it is there, or why that is not known."""
    asked = list(dict.fromkeys(images))
    if not asked:
        return {}
    with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(asked)), thread_name_prefix="registry") as pool:
        return dict(zip(asked, pool.map(lambda image: _is_built(image, registry), asked), strict=True))


def _is_built(image: ImageReference, registry: Registry) -> Built:
    try:
        return registry.digest(image) is not None
    except RegistryError as error:
        return error
