"""Problems with the settings, each with an id and a hint: `manage.py check` lists all of them at once."""

from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_network
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004  Django's own name

from deployments.rules.image_prefixes import names_a_folder
from deployments.rules.images import ImageTemplate, UnableToParseTemplate

SETTINGS = "settings"
"""The tag of these checks: what a worker asks at its start, which has no pages, forms and addresses to check."""
WIDEST_PREFIX = {4: 8, 6: 16}
"""10.0.0.0/8 is the widest network that anyone has to themselves."""
SHORTEST_SECRET, FEWEST_CHARACTERS = 20, 5


@register(SETTINGS)
def environment_can_be_read(**_: Any) -> list[CheckMessage]:
    return [
        Error(
            f"{name}: {' '.join(sentences)}",
            hint=f"Correct the environment variable {name}.",
            id="headway.E001",
        )
        for name, sentences in settings.ENVIRONMENT_PROBLEMS.items()
    ]


@register(SETTINGS, Tags.security)
def secret_key_is_given(**_: Any) -> list[CheckMessage]:
    if not settings.SECRET_KEY_IS_MISSING:
        return []
    hint = "Set SECRET_KEY (or SECRET_KEY_FILE) to 50 random characters, the same for web and worker."
    return [Error("SECRET_KEY is not set.", hint=hint, id="headway.E002")]


@register(SETTINGS, Tags.database)
def database_is_given(**_: Any) -> list[CheckMessage]:
    if not settings.DATABASE_IS_MISSING:
        return []
    hint = "Set DATABASE_URL, like postgres://user:password@host/name. Only a checkout with its development packages has its own."
    return [Error("DATABASE_URL is not set.", hint=hint, id="headway.E003")]


@register(SETTINGS)
def image_template_can_be_read(**_: Any) -> list[CheckMessage]:
    hint = "Set IMAGE_TEMPLATE to where your builds are pushed, like registry.example.com/my-team/{repository}:{sha}, for web and worker."
    if not settings.IMAGE_TEMPLATE:
        return [Error("IMAGE_TEMPLATE is not set.", hint=hint, id="headway.E004")]
    try:
        ImageTemplate.parse(settings.IMAGE_TEMPLATE)
    except UnableToParseTemplate as error:
        return [Error(f"IMAGE_TEMPLATE: {error}", hint=hint, id="headway.E004")]
    return []


@register(SETTINGS)
def images_have_a_place(**_: Any) -> list[CheckMessage]:
    if (
        settings.IMAGE_PREFIXES
        or not settings.IMAGE_TEMPLATE
        or "IMAGE_PREFIXES" in settings.ENVIRONMENT_PROBLEMS
    ):
        return []
    message = (
        "IMAGE_PREFIXES is empty, and IMAGE_TEMPLATE names no folder of your own: anyone's images would do."
    )
    hint = "Set IMAGE_PREFIXES to where your builds are pushed, like registry.example.com/my-team/, for web and worker."
    return [Error(message, hint=hint, id="headway.E007")]


@register(SETTINGS)
def paths_lead_somewhere(**_: Any) -> list[CheckMessage]:
    paths = {"KUBECONFIG": settings.KUBECONFIG, "DOCKER_CONFIG": settings.DOCKER_CONFIG}
    return [
        Error(f"{name}: there is no {path}.", hint="Name a path that exists, or unset it.", id="headway.E005")
        for name, path in paths.items()
        if path is not None and not path.exists()
    ]


@register(SETTINGS)
def github_app_is_whole(**_: Any) -> list[CheckMessage]:
    if bool(settings.GITHUB_APP_ID) == bool(settings.GITHUB_APP_PRIVATE_KEY):
        return []
    if settings.GITHUB_APP_ID:
        # Web, and what migrates, read the same ConfigMap and must not know the key.
        hint = "The worker needs GITHUB_APP_PRIVATE_KEY, in its Secret headway-worker. No other process does."
        return [Warning("The GitHub App has no private key here.", hint=hint, id="headway.W015")]
    hint = "Set GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY (or GITHUB_APP_PRIVATE_KEY_FILE), or neither."
    return [Error("A GitHub App needs both its id and its private key.", hint=hint, id="headway.E006")]


@register(deploy=True)
def public_address_is_given(**_: Any) -> list[CheckMessage]:
    if settings.PUBLIC_URL.startswith("https://"):
        return []
    hint = "Set PUBLIC_URL to the address that people open: cookies, redirects and HSTS follow from it."
    return [Warning("PUBLIC_URL is not an https:// address.", hint=hint, id="headway.W001")]


@register(Tags.security, deploy=True)
def nothing_stands_open(**_: Any) -> list[CheckMessage]:
    return [
        Warning(f"{name}: {message}", hint=hint, id="headway.W002")
        for name, message, hint in (*_open_hosts(), *_open_networks(), *_open_prefixes(), *_short_secrets())
    ]


def _open_hosts() -> Iterator[tuple[str, str, str]]:
    for host in map(str, settings.ALLOWED_HOSTS):
        if host == "*" or (host.startswith(".") and host.count(".") == 1):
            yield "ALLOWED_HOSTS", f"{host} lets in every host name.", "Name the hosts that people open."


def _open_networks() -> Iterator[tuple[str, str, str]]:
    hint = "Name the networks that the proxy, or Prometheus, connects from, like 10.0.0.0/8."
    for name in ("TRUSTED_NETWORKS", "METRICS_NETWORKS"):
        for each in getattr(settings, name) or []:
            with suppress(ValueError):
                network = ip_network(each, strict=False)
                if network.prefixlen < WIDEST_PREFIX[network.version]:
                    yield name, f"{each} holds a good part of the internet.", hint


def _open_prefixes() -> Iterator[tuple[str, str, str]]:
    for prefix in settings.IMAGE_PREFIXES or []:
        if not names_a_folder(prefix):
            hint = (
                "Name a folder of it, like registry.example.com/my-team/, unless the whole registry is yours."
            )
            yield "IMAGE_PREFIXES", f"{prefix} is a whole registry, where others may push, too.", hint


def _short_secrets() -> Iterator[tuple[str, str, str]]:
    for name in ("TRUSTED_SECRET", "METRICS_TOKEN"):
        value = getattr(settings, name) or ""
        if value and (len(value) < SHORTEST_SECRET or len(set(value)) < FEWEST_CHARACTERS):
            yield name, "It can be guessed.", "Make one with `openssl rand -hex 32`."
