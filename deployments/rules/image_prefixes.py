"""Where images may lie: what their full names begin with."""

from collections.abc import Iterable

_DOCKER_HUB = "docker.io"


def begins_with_one_of(prefixes: Iterable[str], image: str) -> bool:
    """Whether an image's full name begins with one of these, such as `gcr.io/icco-cloud/`; Docker Hub's may leave out its host."""
    return any(image.startswith(_with_registry(prefix)) for prefix in prefixes)


def _with_registry(prefix: str) -> str:
    first, slash, _ = prefix.partition("/")
    is_host = first == "localhost" or "." in first or ":" in first
    return prefix if slash and is_host else f"{_DOCKER_HUB}/{prefix}"
