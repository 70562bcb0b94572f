"""How values of variables are parsed; a sentence explains an invalid one. Only dashboard/settings.py says which there are."""

import re
from ipaddress import ip_network
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
from environs import EnvValidationError, FileAwareEnv, ValidationError
from marshmallow.validate import URL

from deployments.rules.images import UnableToParseImage, parse_image
from deployments.rules.web_pages import UnableToReadConsoleLink, check_console_link

web_address = URL(schemes={"http", "https"}, require_tld=False)
# A server that is silent, or a node that is gone, would be waited for two to fifteen minutes, by one thread of web's after the other.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS: seconds, but for the first milliseconds.
_PATIENCE: dict[str, Any] = {
    "tcp_user_timeout": 15_000,
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
SHORTEST_SECRET = 16
_NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LIKE_THIS = "Use a format like icco=ghp_…,acme=github_pat_…: each owner with a token."


class Environment(FileAwareEnv):
    """Keeps a NAME_FILE that cannot be read for the checks as well: environs raises there, eager or not.

    A value that is empty means the default, as in an environment file with the line `KUBECONFIG=`: as a path it would be this folder.
    """

    def _get_value(self, env_key: str, default: Any) -> Any:
        try:
            value = super()._get_value(env_key, default)
        except ValueError as error:
            self._errors[env_key].append(str(error))
            return default
        return default if value == "" else value


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def networks(each: list[str]) -> None:
    """Raises ValidationError where one is none."""
    try:
        _ = [ip_network(network, strict=False) for network in each]
    except ValueError as error:
        raise ValidationError(f"{error}. Use networks like 10.0.0.0/8, separated by commas.") from error


def postgresql(url: str) -> dict[str, Any]:
    """Django's settings for that database. Raises EnvValidationError, which does not repeat the url: it may hold a password."""
    if not url.startswith(("postgres://", "postgresql://")):
        message = "Headway stores everything in PostgreSQL. Use postgres://user:password@host/name."
        raise EnvValidationError(message, [message])
    try:
        database: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True))
    except Exception as error:
        # The library raises ValueError, or its own error that repeats the url.
        raise EnvValidationError("Not a valid database URL.", ["Not a valid database URL."]) from error
    return database | {"OPTIONS": _PATIENCE | database.get("OPTIONS", {})}


def database_login(url: str) -> tuple[str, str] | None:
    """Who a database's address says connects, and with which password; None where there is no address.

    Raises EnvValidationError, which does not repeat the url.
    """
    if not url:
        return None
    database = postgresql(url)
    if not database["USER"]:
        message = "Name the role: postgres://role:password@host/name."
        raise EnvValidationError(message, [message])
    return database["USER"], database["PASSWORD"]


def sentry_address(dsn: str) -> None:
    """Raises ValidationError where sentry-sdk would end the process. The address is not repeated: it is a secret."""
    parts = urlsplit(dsn)
    is_one = parts.scheme in {"http", "https"} and parts.hostname and parts.username
    if dsn and not (is_one and parts.path.rpartition("/")[2].isdecimal()):
        raise ValidationError("Use Sentry's own address, like https://key@sentry.example.com/1.")


def console_link(template: str) -> None:
    """Raises ValidationError where it is not an https URL with a workload's fields."""
    try:
        if template:
            check_console_link(template)
    except UnableToReadConsoleLink as error:
        raise ValidationError(f"{template}: {error}") from error


def folders(each: list[str]) -> None:
    """Raises ValidationError where one could also be the beginning of another name: registry.example.com/me is one of registry.example.com/meddler."""
    if open_ended := [prefix for prefix in each if not prefix.endswith("/")]:
        raise ValidationError(f"{open_ended[0]}. End it with a slash, as in registry.example.com/my-team/.")


def namespaces(each: list[str]) -> None:
    """Raises ValidationError where one is not a name that Kubernetes gives a namespace."""
    if wrong := [name for name in each if not _NAMESPACE.fullmatch(name)]:
        raise ValidationError(f"“{wrong[0]}” is not a namespace. List them like default,sites.")


def registries(each: list[str]) -> None:
    """Raises ValidationError where one is not a registry's host as in an image's name: registry.lan:5000."""
    for host in each:
        try:
            is_host = parse_image(f"{host}/image").registry == host
        except UnableToParseImage:
            is_host = False
        if not is_host:
            raise ValidationError(f"{host}. Use the registry's host and port alone, as in registry.lan:5000.")


def secrets_in(headers: str) -> list[str]:
    """The values of `name=value,…`, as they are written and as they are sent: OpenTelemetry quotes them like addresses."""
    values = [each.partition("=")[2].strip() for each in headers.split(",")]
    return [*values, *map(unquote, values)]


def owners_tokens(text: str) -> dict[str, str]:
    """`owner=token`, several by commas or lines. What cannot be read is not repeated: it may be a token."""
    pairs = [each.partition("=") for each in text.replace("\n", ",").split(",") if each.strip()]
    if not all(owner.strip() and token.strip() for owner, _, token in pairs):
        raise EnvValidationError(_LIKE_THIS, [_LIKE_THIS])
    return {owner.strip(): token.strip() for owner, _, token in pairs}


def actions_issuer(web_url: str) -> str:
    """Who signs the tokens of GitHub Actions' jobs: github.com for itself, Enterprise Server for its own.

    https://docs.github.com/en/enterprise-server@latest/actions/reference/security/oidc
    """
    host = urlsplit(web_url).hostname
    return (
        "https://token.actions.githubusercontent.com"
        if host == "github.com"
        else f"{web_url.rstrip('/')}/_services/token"
    )


def subscription(name: str) -> None:
    """Raises ValidationError where it is not a subscription's full name."""
    if name and not re.fullmatch(r"projects/[^/\s]+/subscriptions/[^/\s]+", name):
        raise ValidationError("Use the full name, like projects/my-project/subscriptions/headway.")


def hook_secrets(each: list[str]) -> None:
    """Raises ValidationError where one can be guessed; it is not repeated."""
    if any(len(secret) < SHORTEST_SECRET for secret in each):
        raise ValidationError(f"A secret has at least {SHORTEST_SECRET} characters: openssl rand -hex 32")


def web_side(api_url: str) -> str:
    """The website of the GitHub that has this API: GitHub Enterprise Server has both on one host."""
    parts = urlsplit(api_url)
    return "https://github.com" if parts.hostname == "api.github.com" else f"{parts.scheme}://{parts.netloc}"
