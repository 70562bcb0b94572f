"""Whether a registry has an image: HEAD of one manifest, the one cheap call of the OCI distribution protocol; and what a build says about itself.

Some registries answer HEAD with 404, 403, 405 or 501 for what they have: that is confirmed by one GET. Docker Hub answers truly, and counts a
GET of a manifest as a pull and a HEAD not: https://docs.docker.com/docker-hub/usage/pulls/.
"""

import hashlib
from collections.abc import Collection
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

from deployments.clients.deadline import within
from deployments.clients.registry.addresses import DOCKER_HUB, NO_HOSTS, is_same_origin, url_of
from deployments.clients.registry.challenge import parse_challenge
from deployments.clients.registry.errors import RegistryError, RegistryUnavailable
from deployments.clients.registry.google import GoogleCredentials
from deployments.clients.registry.grants import Grant, Grants
from deployments.clients.registry.manifests import (
    ACCEPTED,
    INDEXES,
    BuildLabels,
    build_in,
    digest_in,
    is_manifest,
    labels_in,
    media_type_in,
    parse_manifest,
    parts_in,
    preferred,
)
from deployments.clients.registry.transport import Question, Reply, Transport
from deployments.clients.registry.verdicts import complaint_in, error_for
from deployments.rules.images import ImageReference

_ACCEPT = ", ".join(ACCEPTED)
_TRANSIENT = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
# An exchange has one timeout; a question with its token and its refusal takes up to five exchanges.
_TIMEOUTS_FOR_THE_WHOLE = 3
_ABSENT = {"NAME_UNKNOWN", "MANIFEST_UNKNOWN"}


class Registry:
    """All registries at once, for up to 16 threads; credentials come from the docker config file when one asks for them.

    The file is re-read for each token, so that a newly mounted secret is seen. Google's registries, where it has no entry for
    them, get the application-default credentials. `plain_http` are the registries, host and port, that are asked without TLS.
    """

    def __init__(
        self,
        *,
        docker_config: Path | None = None,
        timeout_seconds: float = 10,
        plain_http: frozenset[str] = NO_HOSTS,
    ) -> None:
        self._plain_http = plain_http
        self._transport = Transport(timeout_seconds, plain_http=plain_http)
        self._whole_seconds = _TIMEOUTS_FOR_THE_WHOLE * timeout_seconds
        self._grants = Grants(
            self._transport, docker_config, GoogleCredentials(timeout_seconds=timeout_seconds)
        )

    def close(self) -> None:
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def digest(self, image: ImageReference) -> str | None:
        """The manifest's digest, such as `sha256:9f3c…`; None when the registry has no such image.

        Asks for the digest where the image has one, else for the tag, else for `latest`. Raises RegistryError.
        """
        with within(self._whole_seconds):
            return self._digest(image)

    def pullable_digest(self, image: ImageReference, *, children: Collection[str] = ()) -> str | None:
        """As `digest`; None also where an index is there, and the first of its images is not, as after a clean-up.

        `children` are the index' images where they are known already: then its manifest is not read. Raises RegistryError.
        """
        with within(self._whole_seconds):
            found, media_type = self._find(image)
            if found is None or not (children or media_type in INDEXES):
                return found
            child = next(iter(children), "") or self._first_child(image)
            is_whole = not child or self._find(_by_digest(image, child))[0] is not None
            return found if is_whole else None

    def _first_child(self, image: ImageReference) -> str:
        manifest = self._manifest(image)
        return preferred(parse_manifest(manifest.body).platforms) if manifest else ""

    def _digest(self, image: ImageReference) -> str | None:
        return self._find(image)[0]

    def _find(self, image: ImageReference) -> tuple[str | None, str]:
        """The manifest's digest and its media type, where it is given."""
        reply, grant = self._ask("HEAD", image)
        media_type = media_type_in(reply.headers)
        if reply.status == HTTPStatus.NOT_FOUND and image.registry == DOCKER_HUB:
            return None, ""
        if _is_failing(reply.status):
            raise _error(reply, image, grant)
        if reply.status == HTTPStatus.OK and is_manifest(reply.headers):
            stated = digest_in(reply.headers) or image.digest
            if stated:
                return stated, media_type
        manifest = self._manifest(image)
        if manifest is None:
            return None, ""
        return _digest_of(manifest), media_type_in(manifest.headers)

    def build(self, image: ImageReference) -> BuildLabels | None:
        """What the image says it was built from, an index by its linux/amd64 image, else by its first; None where it is not whole.

        Two or three GETs; Docker Hub counts up to two of them as pulls. Raises RegistryError.
        """
        with within(self._whole_seconds):
            if (top := self._manifest(image)) is None:
                return None
            index = one = parse_manifest(top.body)
            if child := preferred(index.platforms):
                if (platform := self._manifest(_by_digest(image, child))) is None:
                    return None
                one = parse_manifest(platform.body)
            labels = labels_in(self._blob(image, one.config)) if one.config else {}
        return build_in(_digest_of(top), index.platforms, (index.annotations, one.annotations, labels))

    def _blob(self, image: ImageReference, digest: str) -> bytes:
        """An image's configuration. Raises RegistryError."""
        reply, grant = self._ask("GET", image, page=f"blobs/{digest}")
        if reply.status != HTTPStatus.OK:
            raise _error(reply, image, grant)
        if digest.startswith("sha256:") and f"sha256:{hashlib.sha256(reply.body).hexdigest()}" != digest:
            raise RegistryUnavailable(
                f"{image.registry} sends something other than {image.path}'s configuration. Check what is in between. "
                "It is asked again at the next sync."
            )
        return reply.body

    def parts(self, image: ImageReference) -> frozenset[str]:
        """The digests that the image's manifest refers to: an index' manifests, or its configuration.

        Empty where the registry has no such image. Docker Hub counts it as a pull. Raises RegistryError.
        """
        with within(self._whole_seconds):
            manifest = self._manifest(image)
        return parts_in(manifest.body) if manifest else frozenset()

    def _manifest(self, image: ImageReference) -> Reply | None:
        """By a GET, which has the registry's message; None where that is that there is no such image. Raises RegistryError."""
        reply, grant = self._ask("GET", image)
        if reply.status == HTTPStatus.NOT_FOUND or complaint_in(reply).codes & _ABSENT:
            return None
        if reply.status != HTTPStatus.OK:
            raise _error(reply, image, grant)
        if not is_manifest(reply.headers):
            kind = media_type_in(reply.headers) or "no media type"
            raise RegistryUnavailable(
                f"{image.registry} answers with something that is not an image's manifest ({kind}). Check that it is a registry, and "
                "that nothing in between wants a login. It is asked again at the next sync."
            )
        return reply

    def _ask(self, method: str, image: ImageReference, *, page: str = "") -> tuple[Reply, Grant]:
        """The reply and what it was asked with; a 401 is answered once, with a new grant. `page` is another than its manifest."""
        page = page or f"manifests/{image.digest or image.tag or 'latest'}"
        url = f"{url_of(image.registry, self._plain_http)}/v2/{image.path}/{page}"
        grant = self._grants.kept(image)
        reply = self._transport.ask(Question(method, url, _ACCEPT, grant.authorization))
        # A challenge from where we were redirected to could name a token server that is after our password.
        if reply.status == HTTPStatus.UNAUTHORIZED and is_same_origin(reply.url, url):
            challenge = parse_challenge(reply.headers.get("WWW-Authenticate", ""))
            grant = self._grants.earn(image, challenge)
            if grant.authorization:
                reply = self._transport.ask(Question(method, url, _ACCEPT, grant.authorization))
        return reply, grant


def _is_failing(status: int) -> bool:
    """Whether a HEAD failed temporarily. A server answers 501 for a method that it does not know."""
    is_server_error = status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.NOT_IMPLEMENTED
    return status in _TRANSIENT or is_server_error


def _digest_of(manifest: Reply) -> str:
    """As it is defined, for registries that leave out its header."""
    return digest_in(manifest.headers) or f"sha256:{hashlib.sha256(manifest.body).hexdigest()}"


def _by_digest(image: ImageReference, digest: str) -> ImageReference:
    return replace(image, tag=None, digest=digest)


def _error(reply: Reply, image: ImageReference, grant: Grant) -> RegistryError:
    return error_for(reply, host=image.registry, path=image.path, has_credentials=grant.has_credentials)
