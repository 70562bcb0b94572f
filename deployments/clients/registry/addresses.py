"""A registry's address and protocol."""

import ipaddress
from urllib.parse import urlsplit

DOCKER_HUB = "docker.io"
_DOCKER_HUB_API = "registry-1.docker.io"
_PORTS = {"http": 80, "https": 443}
NO_HOSTS: frozenset[str] = frozenset()


def url_of(registry: str, plain_http: frozenset[str] = NO_HOSTS) -> str:
    """The root of a registry's API, without a slash at its end.

    Plain HTTP is for this machine's own registries and for the hosts in `plain_http`, as in Docker:
    https://docs.docker.com/reference/cli/dockerd/#insecure-registries. Docker Hub's API has its own host.
    """
    host = _DOCKER_HUB_API if registry == DOCKER_HUB else registry
    return f"{'http' if host in plain_http or is_loopback(f'//{host}') else 'https'}://{host}"


def host_of(url: str) -> str:
    """Host and port as a person knows them; empty for an invalid address."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def is_loopback(url: str) -> bool:
    """True for localhost, 127.0.0.0/8 and ::1. No name is resolved."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_safe(url: str, plain_http: frozenset[str] = NO_HOSTS) -> bool:
    """Whether a question may go there: over HTTPS, not leaving this machine, or to a host in `plain_http`."""
    scheme, host = url.partition("://")[0].lower(), host_of(url)
    is_plain_allowed = scheme == "http" and (host in plain_http or is_loopback(url))
    return bool(host) and (scheme == "https" or is_plain_allowed)


def is_same_origin(one: str, other: str) -> bool:
    return _origin(one) == _origin(other)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
