"""Access to the registry: tokens and passwords, kept until they expire.

https://distribution.github.io/distribution/spec/auth/token/ and /oauth/: `expires_in` is in seconds, 60 where left out,
and the token is under `token` or `access_token`.
"""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from deployments.clients.registry.addresses import host_of, is_safe
from deployments.clients.registry.challenge import Challenge
from deployments.clients.registry.docker_config import Credentials, find_credentials
from deployments.clients.registry.errors import RegistryRefused, RegistryUnavailable
from deployments.clients.registry.google import GoogleCredentials
from deployments.clients.registry.transport import Question, Reply, Transport
from deployments.clients.registry.verdicts import error_for
from deployments.rules.images import ImageReference

_LONGEST_SECONDS = 24 * 3600
_DEFAULT_SECONDS = 60.0
_LONGEST_MARGIN_SECONDS = 10.0
_BASIC_SECONDS = 300.0  # how soon new credentials in the docker config file are seen


@dataclass(frozen=True)
class Grant:
    """`authorization` is a header's value; `expires_at` is on the monotonic clock, in seconds."""

    authorization: str = field(default="", repr=False)
    has_credentials: bool = False
    expires_at: float = 0.0


class Grants:
    """One grant for each image repository. Two threads may ask for the same one at once: then the later one is kept."""

    def __init__(self, transport: Transport, docker_config: Path | None, google: GoogleCredentials) -> None:
        self._google = google
        self._transport = transport
        self._docker_config = docker_config
        self._plain_http = transport.plain_http
        self._kept: dict[str, Grant] = {}

    def kept(self, image: ImageReference) -> Grant:
        """What is known to be valid still; an empty grant otherwise."""
        grant = self._kept.get(image.repository, Grant())
        return grant if grant.expires_at > time.monotonic() else Grant()

    def earn(self, image: ImageReference, challenge: Challenge) -> Grant:
        """A new grant, as the registry demanded. Raises RegistryError."""
        credentials = find_credentials(self._docker_config, image.repository) or self._google.for_registry(
            image.registry
        )
        if challenge.scheme == "bearer":
            grant = self._fetch_token(image, challenge, credentials)
        elif challenge.scheme == "basic" and credentials is not None:
            grant = Grant(credentials.basic, True, time.monotonic() + _BASIC_SECONDS)
        else:
            grant = Grant(has_credentials=credentials is not None)
        self._kept[image.repository] = grant
        return grant

    def _fetch_token(
        self, image: ImageReference, challenge: Challenge, credentials: Credentials | None
    ) -> Grant:
        asked_at = time.monotonic()
        question = Question(
            "GET",
            _token_url(image, challenge, self._plain_http),
            authorization=credentials.basic if credentials else "",
        )
        reply = self._transport.ask(question)
        if reply.status >= 400:  # noqa: PLR2004 - where HTTP's errors begin
            raise error_for(
                reply,
                host=host_of(question.url),
                path=image.path,
                has_credentials=credentials is not None,
            )
        token, seconds = _token_in(reply, host=host_of(question.url))
        margin = min(_LONGEST_MARGIN_SECONDS, seconds / 2)
        return Grant(f"Bearer {token}", credentials is not None, asked_at + seconds - margin)


def _token_url(image: ImageReference, challenge: Challenge, plain_http: frozenset[str]) -> str:
    if not is_safe(challenge.realm, plain_http):
        raise RegistryRefused(
            f"{image.registry} names a token server without HTTPS, which gets no credentials. Correct the registry's own settings."
        )
    scope = challenge.scope or f"repository:{image.path}:pull"
    query = urlencode(
        {"service": challenge.service, "scope": scope} if challenge.service else {"scope": scope}
    )
    return f"{challenge.realm}{'&' if '?' in challenge.realm else '?'}{query}"


def _token_in(reply: Reply, *, host: str) -> tuple[str, float]:
    try:
        content = json.loads(reply.body)
    except (ValueError, RecursionError):
        content = None
    found = content if isinstance(content, dict) else {}
    token = found.get("token") or found.get("access_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise RegistryUnavailable(
            f"{host} answered without a token. Check that it is a registry's token server."
        )
    seconds = found.get("expires_in")
    if not isinstance(seconds, int | float) or not seconds > 0:
        return token, _DEFAULT_SECONDS
    return token, float(min(seconds, _LONGEST_SECONDS))
