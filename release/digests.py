"""The images that Headway is built on and installed with, each by the digest that its registry has now: `make digests`.

A tag can be pushed again, a digest cannot. Prints lines for `docker build --build-arg` and for `make manifests`, such as
`PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:…`. A digest is that of the index, so that it holds for every platform.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from deployments.clients.registry import Registry, RegistryError
from deployments.rules.images import parse_image

CHECKOUT = Path(__file__).resolve().parent.parent
_ARGUMENT = re.compile(r"^ARG (\w+_IMAGE)=(\S+)$", re.MULTILINE)
_CONTAINER = re.compile(r"^\s+(?:- )?image: (\S+:\S+)$", re.MULTILINE)


class UnableToPin(Exception):
    """The sentence says which image, and why."""


def images_in(checkout: Path) -> dict[str, str]:
    """Return the tagged images that the Dockerfile builds on and the manifests run, by a name such as POSTGRES_IMAGE."""
    named = dict(_ARGUMENT.findall((checkout / "Dockerfile").read_text()))
    for file in sorted((checkout / "k8s").rglob("*.yaml")):
        for image in _CONTAINER.findall(file.read_text()):
            named[_variable(image)] = image
    return named


def pinned(images: Mapping[str, str], registry: Registry) -> dict[str, str]:
    """Return each with its tag and its digest behind it. Raises UnableToPin."""
    return {name: f"{image}@{_digest(image, registry)}" for name, image in images.items()}


def _variable(image: str) -> str:
    last = image.rpartition("/")[2].partition(":")[0]
    return f"{last.replace('-', '_').upper()}_IMAGE"


def _digest(image: str, registry: Registry) -> str:
    try:
        digest = registry.digest(parse_image(image))
    except RegistryError as error:
        raise UnableToPin(f"{image}: {error}") from error
    if not digest:
        raise UnableToPin(f"{image}: its registry has no such image.")
    return digest


def main(arguments: list[str]) -> int:
    """Print the lines, or a sentence. `arguments`: another checkout's folder, or none."""
    checkout = Path(arguments[0]) if arguments else CHECKOUT
    try:
        with Registry() as registry:
            lines = [f"{name}={image}\n" for name, image in pinned(images_in(checkout), registry).items()]
    except UnableToPin as error:
        sys.stderr.write(f"Nothing was pinned. {error}\n")
        return 1
    sys.stdout.writelines(lines)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
