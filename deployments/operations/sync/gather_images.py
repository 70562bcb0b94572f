"""Which heads are built: one HEAD request for each head that is not known to be, never a listing."""

import threading
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

from deployments.clients.registry import Registry, RegistryError, RegistryRateLimited, RegistryUnavailable
from deployments.rules.images import ImageReference

AT_ONCE = 8
FAILURES_IN_A_ROW = 5

Built: TypeAlias = bool | RegistryError


def gather_images(
    images: Iterable[ImageReference], registry: Registry
) -> tuple[dict[ImageReference, Built], int]:
    """Return for each image whether it is there, or why that is not known; and how many were asked for.

    A registry that says it was asked too often, or that does not answer time and again, is asked nothing more.
    """
    wanted = list(dict.fromkeys(images))
    if not wanted:
        return {}, 0
    query = _Query(registry)
    with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(wanted)), thread_name_prefix="registry") as pool:
        return dict(zip(wanted, pool.map(query.is_built, wanted), strict=True)), query.asked


class _Query:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._given_up: dict[str, RegistryError] = {}
        self._failures: dict[str, int] = defaultdict(int)
        self.asked = 0

    def is_built(self, image: ImageReference) -> Built:
        with self._lock:
            if known := self._given_up.get(image.registry):
                return known
            self.asked += 1
        try:
            found = self._registry.digest(image) is not None
        except RegistryError as error:
            self._count(image.registry, error)
            return error
        self._count(image.registry, None)
        return found

    def _count(self, host: str, error: RegistryError | None) -> None:
        """A refusal is about one repository; the rest of the host may be open."""
        with self._lock:
            is_down = isinstance(error, RegistryUnavailable)
            self._failures[host] = self._failures[host] + 1 if is_down else 0
            if error and (
                isinstance(error, RegistryRateLimited) or self._failures[host] >= FAILURES_IN_A_ROW
            ):
                self._given_up.setdefault(host, error)
