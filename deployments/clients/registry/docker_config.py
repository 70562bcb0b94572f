"""Credentials as `docker login` and Kubernetes' image pull secrets write them.

The file: https://docs.docker.com/reference/cli/docker/login/#credential-stores; how an entry is found for a registry:
`ResolveAuthConfig` in https://github.com/docker/cli/blob/master/cli/config/credentials/file_store.go.
"""

import base64
import binascii
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployments.clients.registry.addresses import DOCKER_HUB
from deployments.clients.registry.errors import RegistryRefused

_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_DOCKER_HUB_HOSTS = {DOCKER_HUB, "index.docker.io", "registry-1.docker.io"}


@dataclass(frozen=True)
class Credentials:
    username: str
    password: str = field(repr=False)

    @property
    def basic(self) -> str:
        """The value of an Authorization header (RFC 7617, UTF-8)."""
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"


def find_credentials(config: Path | None, registry: str) -> Credentials | None:
    """What the file holds for a registry, such as `gcr.io`; None without a file or an entry.

    Raises RegistryRefused when the file cannot be read, or keeps the credentials outside itself.
    """
    if config is None:
        return None
    content = _read(config)
    entry = _find_entry(_object(content.get("auths")), registry)
    found = _credentials_in(entry, config, registry)
    if found is None and _keeps_elsewhere(content, entry, registry):
        raise RegistryRefused(
            f"{config} keeps the credentials for {registry} in a credential helper, and Headway runs none: "
            f"write them into the file itself, under “auths”."
        )
    return found


def _read(config: Path) -> dict[str, Any]:
    try:
        content = json.loads(config.read_bytes())
    except OSError as error:
        raise RegistryRefused(
            f"The docker config file {config} cannot be read ({error.strerror}): mount it, or correct its path."
        ) from error
    except ValueError:
        content = None
    if not isinstance(content, dict):
        # Without its cause: a parser's error holds the file it parsed.
        raise RegistryRefused(
            f"The docker config file {config} is not JSON: write it anew with docker login."
        )
    return content


def _find_entry(auths: dict[str, Any], registry: str) -> dict[str, Any]:
    is_hub = registry == DOCKER_HUB
    exact = auths.get(_DOCKER_HUB_KEY if is_hub else registry)
    if exact is not None:
        return _object(exact)
    hosts = _DOCKER_HUB_HOSTS if is_hub else {registry}
    return next((_object(entry) for key, entry in auths.items() if _host_in(key) in hosts), {})


def _credentials_in(entry: dict[str, Any], config: Path, registry: str) -> Credentials | None:
    plain = entry.get("username"), entry.get("password")
    if all(isinstance(one, str) and one for one in plain):
        return Credentials(str(plain[0]), str(plain[1]))
    encoded = entry.get("auth")
    if not isinstance(encoded, str) or not encoded:
        return None
    try:
        username, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if not colon:
        raise RegistryRefused(
            f"The entry for {registry} in {config} is not base64 of user:password: write it anew with docker login."
        )
    # docker login stores the password with NULs behind it in old files; the CLI strips them too.
    return Credentials(username, password.strip("\0"))


def _keeps_elsewhere(content: dict[str, Any], entry: dict[str, Any], registry: str) -> bool:
    helpers = _object(content.get("credHelpers"))
    keys = _DOCKER_HUB_HOSTS | {_DOCKER_HUB_KEY} if registry == DOCKER_HUB else {registry}
    named = any(_host_in(key) in keys or key in keys for key in helpers)
    return named or bool(content.get("credsStore")) or bool(entry.get("identitytoken"))


def _host_in(key: str) -> str:
    return key.removeprefix("https://").removeprefix("http://").partition("/")[0]


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
