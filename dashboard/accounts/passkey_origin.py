"""Passkeys belong to one origin, that of PUBLIC_URL: no other host name, subdomain or port counts.

An address on loopback counts as `localhost` at any port: browsers allow no passkey under an IP address.
"""

from urllib.parse import urlsplit

from django.conf import settings

LOCALHOST = "localhost"
LOOPBACK = frozenset({LOCALHOST, "127.0.0.1", "::1"})


def relying_party() -> str:
    """Return the host name that passkeys are made for (W3C, Web Authentication: the relying party's identifier)."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    return LOCALHOST if host in LOOPBACK else host


def is_ours(origin: str) -> bool:
    """Whether a browser that names this origin has our page open."""
    if relying_party() == LOCALHOST:
        return urlsplit(origin).hostname == LOCALHOST
    return _origin(origin) == _origin(settings.PUBLIC_URL)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
