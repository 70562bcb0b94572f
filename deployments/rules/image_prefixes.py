"""Where images may be: the allowed prefixes of their full names."""

from collections.abc import Iterable

from deployments.rules.images import UnableToParseImage, parse_image

_DOCKER_HUB = "docker.io"
_FORMER_DOCKER_HUB = "index.docker.io/"
_OFFICIAL = f"{_DOCKER_HUB}/library/"


def begins_with_one_of(prefixes: Iterable[str], image: str) -> bool:
    """Whether an image's full name begins with one of these, such as `registry.example.com/my-team/`; Docker Hub's may leave out its host.

    What is not an image name, as one with `..` in its path, lies nowhere.
    """
    try:
        name = str(parse_image(image))
    except UnableToParseImage:
        return False
    return any(name.startswith(_with_registry(prefix)) for prefix in prefixes)


def prefixes_of(template: str) -> list[str]:
    """What the names of a template's images begin with; nothing where that names no folder of one's own, and so fits anyone's images.

    `registry.example.com/my-team/{repository}:{sha}` begins with a folder of one's own, `ghcr.io/{owner}/{repository}:{sha}` and
    `registry.example.com/team-{owner}/{repository}:{sha}` do not.
    """
    before = template.strip().partition("{")[0]
    return [before] if names_a_folder(before) else []


def names_a_folder(prefix: str) -> bool:
    """Whether it names a whole folder within a registry; that of Docker Hub's official images is nobody's own."""
    registry, _, path = _with_registry(prefix).rpartition("/")[0].partition("/")
    return bool(registry and path.strip("/")) and not f"{registry}/{path}/".startswith(_OFFICIAL)


def _with_registry(prefix: str) -> str:
    first, slash, _ = prefix.partition("/")
    is_host = first == "localhost" or "." in first or ":" in first
    full = prefix if slash and is_host else f"{_DOCKER_HUB}/{prefix}"
    return (
        full.replace(_FORMER_DOCKER_HUB, f"{_DOCKER_HUB}/", 1)
        if full.startswith(_FORMER_DOCKER_HUB)
        else full
    )
