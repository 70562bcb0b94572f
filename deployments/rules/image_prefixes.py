"""Where images may lie: what their full names begin with."""

from collections.abc import Iterable

from deployments.rules.images import UnableToParseImage, parse_image

_DOCKER_HUB = "docker.io"


def begins_with_one_of(prefixes: Iterable[str], image: str) -> bool:
    """Whether an image's full name begins with one of these, such as `gcr.io/icco-cloud/`; Docker Hub's may leave out its host.

    What is no image's name, as one with `..` in its path, lies nowhere.
    """
    try:
        name = str(parse_image(image))
    except UnableToParseImage:
        return False
    return any(name.startswith(_with_registry(prefix)) for prefix in prefixes)


def _with_registry(prefix: str) -> str:
    first, slash, _ = prefix.partition("/")
    is_host = first == "localhost" or "." in first or ":" in first
    return prefix if slash and is_host else f"{_DOCKER_HUB}/{prefix}"
