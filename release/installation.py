"""What a person says of an installation, as variables of `make manifests`: checked before anything is written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from deployments.management.generate_secrets import UnableToGenerate, generated
from deployments.rules.image_prefixes import prefixes_of
from deployments.rules.images import (
    ImageReference,
    ImageTemplate,
    UnableToParseImage,
    UnableToParseTemplate,
    parse_image,
)

EXAMPLE = "make manifests IMAGE=registry.example.com/my-team/headway:0.1.0 HOST=headway.example.com"
_HOST = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
_NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_OBJECT = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
VARIABLES = (
    *("IMAGE", "HOST", "IMAGE_TEMPLATE", "NAMESPACES", "DATABASE_URL", "ISSUER", "POSTGRES_IMAGE"),
    *("IMAGE_PREFIXES", "INGRESS_CLASS", "INGRESS_NAMESPACE", "COMPONENTS"),
)
COMPONENTS = ("collector", "internet", "prometheus", "routes", "workloads")
"""Folders of k8s/components that an installation may have or not."""
OF_THE_MAKEFILE = ("PYTHON", "UV", "BIN")


class UnableToWrite(Exception):
    """The sentence says what to give instead."""


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What a person says of it, checked."""

    image: ImageReference
    host: str
    image_template: str
    image_prefixes: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ("default",)
    database_url: str = ""
    postgres_image: ImageReference | None = None
    issuer: str = ""
    ingress_class: str = "nginx"
    ingress_namespace: str = "ingress-nginx"
    """Where the controller's pods are."""
    components: tuple[str, ...] = ()

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Self:
        """Of the variables that `make manifests` was given. Raises UnableToWrite."""
        _check_known(given.get("MAKEFLAGS", ""))
        image = _image("IMAGE", given)
        if image is None:
            raise UnableToWrite(
                f"IMAGE is not set. Give the image of Headway that your cluster can pull, as in {EXAMPLE}"
            )
        prefixes = _prefixes(given.get("IMAGE_PREFIXES", "").strip())
        return cls(
            image=image,
            host=_host(given.get("HOST", "").strip().lower()),
            image_template=_template(given.get("IMAGE_TEMPLATE", "").strip(), image, prefixes=prefixes),
            image_prefixes=prefixes,
            namespaces=_namespaces(given.get("NAMESPACES", "").strip() or "default"),
            database_url=_database_url(given.get("DATABASE_URL", "").strip()),
            postgres_image=_image("POSTGRES_IMAGE", given),
            issuer=_object("ISSUER", "a ClusterIssuer", given),
            ingress_class=_object("INGRESS_CLASS", "an IngressClass", given) or cls.ingress_class,
            ingress_namespace=_ingress_namespace(given) or cls.ingress_namespace,
            components=_components(given.get("COMPONENTS", "").strip()),
        )


def _check_known(makeflags: str) -> None:
    """A variable of make's command line that nothing reads is misspelt: https://www.gnu.org/software/make/manual/html_node/Options_002fRecursion.html"""
    # A space within a value has a backslash before it; quotes are themselves.
    words = re.split(r"(?<!\\) ", makeflags)
    given = words[words.index("--") + 1 :] if "--" in words else []
    names = [name.rstrip(":+?!") for name, equals, _ in (word.partition("=") for word in given) if equals]
    if unknown := [name for name in names if name not in (*VARIABLES, *OF_THE_MAKEFILE)]:
        raise UnableToWrite(f"{unknown[0]} is not known here. There are: {', '.join(VARIABLES)}.")


def _database_url(url: str) -> str:
    try:
        generated(url)
    except UnableToGenerate as error:
        raise UnableToWrite(str(error)) from error
    return url


def _object(variable: str, kind: str, given: Mapping[str, str]) -> str:
    name = given.get(variable, "").strip()
    if name and not _OBJECT.fullmatch(name):
        raise UnableToWrite(f"{variable}: “{name}” is not the name of {kind}.")
    return name


def _ingress_namespace(given: Mapping[str, str]) -> str:
    name = given.get("INGRESS_NAMESPACE", "").strip()
    if name and not _NAMESPACE.fullmatch(name):
        raise UnableToWrite(f"INGRESS_NAMESPACE: “{name}” is not a namespace.")
    return name


def _image(variable: str, given: Mapping[str, str]) -> ImageReference | None:
    text = given.get(variable, "").strip()
    try:
        return parse_image(text) if text else None
    except UnableToParseImage as error:
        raise UnableToWrite(f"{variable}: {error}") from error


def _host(host: str) -> str:
    if not host:
        raise UnableToWrite(f"HOST is not set. Give the host name that people will open, as in {EXAMPLE}")
    if not _HOST.fullmatch(host):
        raise UnableToWrite(
            f"HOST: “{host}” is not a host name. Give it without https:// and without a path."
        )
    return host


def _prefixes(text: str) -> tuple[str, ...]:
    names = _listed(text)
    if wrong := [each for each in names if not each.endswith("/") or not each.strip("/")]:
        raise UnableToWrite(
            f"IMAGE_PREFIXES: “{wrong[0]}” is not a folder. End each with a slash, as in registry.example.com/my-team/."
        )
    return names


def _template(text: str, image: ImageReference, *, prefixes: tuple[str, ...]) -> str:
    """Where the sites' images lie: as given, else beside Headway's own."""
    folder = f"{image.registry}/{image.path}".rpartition("/")[0]
    template = text or f"{folder}/{{repository}}:{{sha}}"
    try:
        ImageTemplate.parse(template)
    except UnableToParseTemplate as error:
        raise UnableToWrite(f"IMAGE_TEMPLATE: {error}") from error
    if not prefixes and not prefixes_of(template):
        raise UnableToWrite(
            "IMAGE_TEMPLATE must name a folder of your own, so that the worker runs nobody else's images. Give it as in "
            "IMAGE_TEMPLATE='registry.example.com/my-team/{repository}:{sha}', or list your folders as in "
            "IMAGE_PREFIXES=ghcr.io/me/,ghcr.io/my-team/."
        )
    return template


def _namespaces(text: str) -> tuple[str, ...]:
    names = _listed(text)
    if wrong := [each for each in names if not _NAMESPACE.fullmatch(each)]:
        raise UnableToWrite(f"NAMESPACES: “{wrong[0]}” is not a namespace. List them like default,sites.")
    return names


def _components(text: str) -> tuple[str, ...]:
    names = _listed(text)
    if wrong := [each for each in names if each not in COMPONENTS]:
        raise UnableToWrite(f"COMPONENTS: “{wrong[0]}” is not one of {', '.join(COMPONENTS)}.")
    return names


def _listed(text: str) -> tuple[str, ...]:
    """What commas separate, each once; nothing in an empty text."""
    return tuple(dict.fromkeys(each.strip() for each in text.split(","))) if text else ()
