"""Credentials as `docker login` and Kubernetes' image pull secrets write them.

The file: https://docs.docker.com/reference/cli/docker/login/#credential-stores. How an entry is found for an image is Kubernetes' way, which
takes Docker's in: https://kubernetes.io/docs/concepts/containers/images/#config-json.
"""

import base64
import binascii
import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from deployments.clients.registry.addresses import DOCKER_HUB
from deployments.clients.registry.errors import RegistryRefused

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


def find_credentials(config: Path | None, repository: str) -> Credentials | None:
    """What the file holds for an image repository, such as `registry.example.com/team/app`; None without a file or an entry.

    The file may be missing although its folder is there: the Secret that is mounted as that folder is optional.

    Of several entries that hold any the one with the longest path counts. Raises RegistryRefused when the file cannot be read, or keeps the credentials outside itself.
    """
    if config is None:
        return None
    content, registry = _read(config), repository.partition("/")[0]
    entries = _find_entries(_object(content.get("auths")), repository)
    stated = (_credentials_in(each, config, registry) for each in entries)
    found = next((each for each in stated if each), None)
    if found is None and _keeps_elsewhere(content, entries, registry):
        raise RegistryRefused(
            f"{config} keeps the credentials for {registry} in a credential helper, and Headway runs none. "
            f"Write them into the file itself, under “auths”."
        )
    return found


def _read(config: Path) -> dict[str, Any]:
    try:
        content = json.loads(config.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise RegistryRefused(
            f"The docker config file {config} cannot be read ({error.strerror}). Mount it, or correct its path."
        ) from error
    except ValueError:
        content = None
    if not isinstance(content, dict):
        # Without its cause: a parser's error holds the file it parsed.
        raise RegistryRefused(
            f"The docker config file {config} is not JSON. Write it again with docker login."
        )
    return content


def _find_entries(auths: dict[str, Any], repository: str) -> list[dict[str, Any]]:
    """The longest path comes first, and of equally long ones a host that is spelt out before one with `*`."""
    host, _, path = repository.partition("/")
    fitting = [
        (len(key_path), "*" not in key_host, key)
        for key in auths
        for key_host, key_path in [_place_of(key)]
        if _is_host(host, key_host) and _is_under(path, key_path)
    ]
    return [_object(auths[key]) for _, _, key in sorted(fitting, reverse=True)]


def _place_of(key: str) -> tuple[str, str]:
    """Host and path that an entry is for. Docker writes the API's version behind a host, and Docker Hub in three ways."""
    host, _, path = key.removeprefix("https://").removeprefix("http://").partition("/")
    path = path.strip("/")
    if path.partition("/")[0] in {"v1", "v2"}:
        path = path.partition("/")[2]
    return DOCKER_HUB if host in _DOCKER_HUB_HOSTS else host, path


def _is_host(host: str, pattern: str) -> bool:
    """`*` matches one part between dots, or some of it; ports must be equal."""
    (name, _, port), (pattern_name, _, pattern_port) = host.partition(":"), pattern.partition(":")
    parts, patterns = name.split("."), pattern_name.split(".")
    return port == pattern_port and len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def _is_under(path: str, prefix: str) -> bool:
    return not prefix or path == prefix or path.startswith(f"{prefix}/")


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
            f"The entry for {registry} in {config} is not base64 of user:password. Write it again with docker login."
        )
    # docker login stores the password with NULs behind it in old files; the CLI strips them too.
    return Credentials(username, password.strip("\0"))


def _keeps_elsewhere(content: dict[str, Any], entries: list[dict[str, Any]], registry: str) -> bool:
    helpers = _object(content.get("credHelpers"))
    named = any(_place_of(key)[0] == registry for key in helpers)
    return named or bool(content.get("credsStore")) or any(each.get("identitytoken") for each in entries)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
