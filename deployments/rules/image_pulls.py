"""Why a node cannot have an image, in the kubelet's and the registry's own words.

The reasons: https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/images/types.go.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from deployments.rules.pods import Event, Waiting
from deployments.rules.problems import CONFIG_SECONDS, START_SECONDS, Problem, cut, last_at
from deployments.rules.wording import sentences

PULL_REASONS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}
)
_DENIED = re.compile(
    r"denied|unauthorized|authorization failed|authentication required|no basic auth credentials|forbidden|\b40[13]\b",
    re.IGNORECASE,
)
_ABSENT = re.compile(r"not found|manifest unknown|does not exist|name unknown", re.IGNORECASE)
# containerd's, Docker's and CRI-O's words for an image that was built for other processors, or another system, only.
_OTHER_PLATFORM = re.compile(
    r"no match for platform|no matching manifest for|does not match the specified platform|no image found in .* for architecture"
    r"|cannot be used on this platform",
    re.IGNORECASE,
)
# The node's own problem, or a registry that refuses for now: none of these is about access or the image.
_ELSEWHERE = re.compile(
    r"no space left on device|x509:|toomanyrequests|too many requests|rate limit|qps exceeded|deadline exceeded|i/o timeout"
    r"|read-only file system|no such host|connection refused|dial unix "
    # Pulled, and not to be unpacked.
    r"|failed to (?:extract|register) layer|mount callback failed",
    re.IGNORECASE,
)
# The image is there, and a part of it is not.
_INCOMPLETE = re.compile(r"/blobs/sha256:|unexpected media type", re.IGNORECASE)


def image_not_found(image: str) -> str:
    return f"The image {image} does not exist in its registry. Build it, or deploy another commit."


def pull_problem(image: str, waiting: Waiting, events: Sequence[Event]) -> Problem:
    """What keeps the node from having the image; `events` are the container's, the latest first."""
    since = _failing_since(events)
    if waiting.reason == "InvalidImageName":
        message = f"{image} is not an image name. Correct the image template."
        return Problem("invalid_image", message, CONFIG_SECONDS, since)
    if waiting.reason == "ErrImageNeverPull":
        message = f"{image} is not on the pod's node, and its imagePullPolicy is Never. Allow pulls, or load it onto the node."
        return Problem("pull_failed", message, CONFIG_SECONDS, since)
    problem = _refused(image, _cause(image, waiting.message, events), since)
    lacks = next((each for each in events if each.reason == "FailedToRetrieveImagePullSecret"), None)
    if problem.reason != "pull_denied" or lacks is None:
        return problem
    return replace(problem, message=sentences(problem.message, cut(lacks.message)))


def _refused(image: str, words: str, since: datetime | None) -> Problem:
    # containerd puts the image's name before each of its steps; what the registry said comes last.
    # While it backs off, the kubelet puts its reason before them.
    cause = words.rpartition(f'"{image}": ')[2].removeprefix("ErrImagePull: ")
    because = cause.replace(image, "")
    if _OTHER_PLATFORM.search(because):
        what = "system" if "operating system" in because else "processor"
        message = f"The image {image} was not built for the node's {what}: {cut(cause)}"
        advice = "Build it for that platform, too"
        return Problem("pull_failed", sentences(message, advice), START_SECONDS, since)
    if _ELSEWHERE.search(because):
        return _failed(image, cause, since)
    if _DENIED.search(because):
        message = f"The cluster may not pull {image}. Give it access to the registry. The registry said: {cut(cause)}"
        return Problem("pull_denied", sentences(message), START_SECONDS, since)
    if _ABSENT.search(because) and not _INCOMPLETE.search(because):
        message = image_not_found(image)
        return Problem("image_not_found", message, START_SECONDS, since, unpulled=image, cause=cut(cause))
    return _failed(image, cause, since)


def _failed(image: str, cause: str, since: datetime | None) -> Problem:
    message = sentences(f"The cluster cannot pull {image}: {cut(cause) or 'no reason given'}")
    return Problem("pull_failed", message, START_SECONDS, since, unpulled=image, cause=cut(cause))


def pulling_since(events: Sequence[Event]) -> datetime | None:
    """When the pull of a container's image began that has not ended yet; `events` are that container's."""
    began = last_at(each for each in events if each.reason == "Pulling")
    ended = last_at(each for each in events if each.reason in {"Pulled", "Failed", "BackOff"})
    return None if began is None or (ended and ended >= began) else began


def _cause(image: str, message: str, events: Sequence[Event]) -> str:
    """While it backs off, older kubelets report the cause in events only."""
    if not message.startswith("Back-off") or "ErrImagePull" in message:
        return message
    failures = (each.message for each in events if each.message.startswith("Failed to pull"))
    return next((each for each in failures if image in each), message)


def _failing_since(events: Sequence[Event]) -> datetime | None:
    """When the first of the pulls failed that have failed since one succeeded."""
    pulled = last_at(each for each in events if each.reason == "Pulled")
    failed = (max(each, pulled) if pulled else each for each in _failed_at(events, since=pulled))
    return min(failed, default=None)


def _failed_at(events: Sequence[Event], *, since: datetime | None) -> Iterator[datetime]:
    for event in events:
        is_pull = event.message.startswith(
            ("Failed to pull image", "Error: ErrImage", "Error: ImagePull", "Back-off pulling")
        )
        if is_pull and event.first_at and not (since and event.last_at and event.last_at < since):
            yield event.first_at
