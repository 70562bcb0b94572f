"""A pod's problem of any kind: a sentence, when it began, and how long it may take to clear.

How long (image pulls 120 s, crashes 120 s, configuration 60 s, all that waits for something outside the pod 600 s) is what Gimlet
found to fit. It counts from when the trouble began, by the container's own times or the event's first.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from deployments.rules.pods import Event
from deployments.rules.wording import printable

CONFIG_SECONDS = 60
START_SECONDS = 120
PENDING_SECONDS = 600
_LONGEST_MESSAGE = 300
# The kubelet and the attach controller try these again until they succeed; nothing is missing.
# https://github.com/kubernetes/kubernetes/issues/99475, https://github.com/kubernetes/kubernetes/issues/65392
_RETRIED = re.compile(
    r"multi-attach|failed to sync \S+ cache|is reserved for|deadline ?exceeded|timed out waiting for the condition"
    r"|volume is (?:still|currently) (?:attached|in use)|attachvolume\.attach failed"
    # A node that has just begun: its drivers, and what the kubelet itself has to list first.
    r"|list of registered csi drivers|\" not registered\b|have not yet been read"
    # A disk whose device has not appeared on its node; only the secret to open it with is anyone's to create.
    r"|MountVolume\.(?:MountDevice|WaitForAttach) failed(?!.*SecretRef)"
    # An earlier attempt that has not ended.
    r"|operation with the given volume id|\bname\b.* is already in use",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Problem:
    """A reason's name, and the sentence that says it."""

    reason: str
    message: str
    threshold_seconds: int | None
    """How long it may still take to clear; None: until the rollout's own time is over."""
    since: datetime | None = None
    """When it began; None where nobody says."""
    container: str = ""
    unpulled: str = ""
    """An image to query the registry for."""
    cause: str = ""
    """What the kubelet said about it."""

    @property
    def is_slow(self) -> bool:
        """Whether it waits for something outside the pod, for which a rollout that moves on has time."""
        return self.threshold_seconds is not None and self.threshold_seconds >= PENDING_SECONDS


def is_retried(message: str) -> bool:
    """Whether the cluster's own message is about something that passes once it has tried often enough."""
    return bool(_RETRIED.search(message))


def first_at(events: Iterable[Event]) -> datetime | None:
    """When the first of them was first seen; None where none of them says."""
    return min((each.first_at for each in events if each.first_at), default=None)


def last_at(events: Iterable[Event]) -> datetime | None:
    """When the last of them was last seen; None where none of them says."""
    return max((each.last_at for each in events if each.last_at), default=None)


def cut(message: str) -> str:
    """The message on one line, cut to a size that a page can show."""
    line = " ".join(printable(message).split()).removesuffix(".")
    return line if len(line) <= _LONGEST_MESSAGE else f"{line[:_LONGEST_MESSAGE]}…"
