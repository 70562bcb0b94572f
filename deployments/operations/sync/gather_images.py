"""Which heads are built: one HEAD request for each head that is not known to be, never a listing; and what builds say about themselves."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from random import sample
from time import monotonic, sleep
from typing import TypeAlias, TypeVar

from deployments.clients.registry import (
    BuildLabels,
    Registry,
    RegistryError,
    RegistryRateLimited,
    RegistryUnavailable,
)
from deployments.operations.sync.pace import Pace
from deployments.rules.images import ImageReference

AT_ONCE = 8
FAILURES_IN_A_ROW = 5

Built: TypeAlias = bool | RegistryError
T = TypeVar("T")


def gather_images(
    images: Iterable[ImageReference], questions: "RegistryQuestions"
) -> dict[ImageReference, Built]:
    """Return for each image whether it is there, or why that is not known."""
    found = questions.digests(images)
    return {
        image: digest if isinstance(digest, RegistryError) else digest is not None
        for image, digest in found.items()
    }


class RegistryQuestions:
    """What one sync asks registries, eight questions at once of each; `asked` counts them.

    A registry that was asked too often is waited for as long as it says, or briefly where it does not say, and asked more slowly from then on, for as
    long as `waits_seconds` from now are not over. One that still says so, or does not answer time and again, is asked nothing more.
    """

    def __init__(self, registry: Registry, *, waits_seconds: float = 0) -> None:
        self._registry = registry
        self._ends_at = monotonic() + waits_seconds
        self._paces: dict[str, Pace] = {}
        self._lock = threading.Lock()
        self._given_up: dict[str, RegistryError] = {}
        self._failures: dict[str, int] = defaultdict(int)
        self.asked = 0

    def digests(self, images: Iterable[ImageReference]) -> dict[ImageReference, str | RegistryError | None]:
        """One HEAD for each different image: its digest, None where it is not there, or why that is not known."""
        return self._ask_all(images, self._registry.digest)

    def builds(
        self, images: Iterable[ImageReference]
    ) -> dict[ImageReference, BuildLabels | RegistryError | None]:
        """A few GETs for each different image: what it says about itself."""
        return self._ask_all(images, self._registry.build)

    def _ask_all(
        self, images: Iterable[ImageReference], question: Callable[[ImageReference], T]
    ) -> dict[ImageReference, T | RegistryError]:
        wanted = list(dict.fromkeys(images))
        if not wanted:
            return {}
        by_host: dict[str, list[ImageReference]] = defaultdict(list)
        # In any order, so that where a limit leaves some for the next sync, those are not always the same.
        for image in sample(wanted, len(wanted)):
            by_host[image.registry].append(image)
        ask = partial(self._ask, question)
        found: dict[ImageReference, Future[T | RegistryError]] = {}
        with ExitStack() as pools:
            for of_host in by_host.values():
                threads = min(AT_ONCE, len(of_host))
                pool = pools.enter_context(ThreadPoolExecutor(threads, thread_name_prefix="registry"))
                found |= {image: pool.submit(ask, image) for image in of_host}
            return {image: found[image].result() for image in wanted}

    def _ask(self, question: Callable[[ImageReference], T], image: ImageReference) -> T | RegistryError:
        with self._lock:
            pace = self._paces.setdefault(image.registry, Pace(ends_at=self._ends_at))
        while True:
            while seconds := pace.turn():
                sleep(seconds)
            with self._lock:
                if known := self._given_up.get(image.registry):
                    return known
                self.asked += 1
            try:
                found = question(image)
            except RegistryRateLimited as error:
                if _waits(pace, error.retry_after_seconds):
                    continue
                self._count(image.registry, error)
                return error
            except RegistryError as error:
                self._count(image.registry, error)
                return error
            pace.note_answer()
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


def _waits(pace: Pace, seconds: float | None) -> bool:
    return pace.wait_out_briefly() if seconds is None else pace.wait_out(seconds)
