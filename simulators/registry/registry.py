"""`DemoRegistry`: what docker-registry 2.8 and a token server answer to read requests."""

import re
from types import TracebackType
from typing import Literal, Self

from deployments.rules.images import UnableToParseImage, parse_image
from simulators.cluster.names import image_digest
from simulators.cluster.request_log import Entry, RequestLog
from simulators.loopback import LoopbackServer, Request, Response
from simulators.registry import replies
from simulators.registry.failures import Failures, Switches
from simulators.registry.images import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    Blob,
    Images,
    Says,
    labels_of,
)
from simulators.registry.tokens import Account, Tokens, basic_account

_NAME = r"[a-z0-9]+(?:(?:[._]|__|-+|/)[a-z0-9]+)*"
_READ = re.compile(rf"/v2/({_NAME})/(manifests|blobs|tags)/([\w:.-]+)")


class DemoRegistry(Switches):
    """Pushes are calls, reads go over HTTP. `auth` is how it asks who is there; with `none` all is public.

    `requests` is the log of what was asked, `token_seconds` how long a token lives.
    """

    def __init__(
        self, port: int = 0, *, auth: Literal["token", "basic", "none"] = "token", token_seconds: float = 300
    ) -> None:
        self.requests = RequestLog()
        self.auth = auth
        self.tokens = Tokens(token_seconds)
        self._images = Images()
        self._server = LoopbackServer(self._answer, port=port)
        self.failures = Failures(self._server.stopping)

    # Its life.

    def start(self) -> Self:
        self._server.start()
        return self

    def stop(self) -> None:
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def host(self) -> str:
        """What precedes the first slash of its images' names, such as `127.0.0.1:5000`."""
        return self._server.host

    @property
    def connections(self) -> int:
        """How many were opened since its start."""
        return self._server.connections

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    # What it holds.

    def push(
        self,
        path: str,
        tag: str,
        after_seconds: float = 0,
        *,
        revision: str = "",
        media_type: str = OCI_MANIFEST,
        says: Says | None = None,
    ) -> str:
        """Pushes an image, which is seen after so many seconds; the digest of its manifest comes back.

        `revision` is the commit in the image's label, the tag where left out; with another one the digest is another. `says`
        are all its labels and annotations, where they are others than a build of `path` on GitHub has.
        """
        says = says or Says(labels_of(revision or tag, f"https://github.com/{path}"))
        return self._images.push(path, tag, says=says, after_seconds=after_seconds, media_type=media_type)

    def has(self, reference: str) -> bool:
        """Whether `host/path:tag` or `host/path@digest` can be pulled now; False for another registry's images."""
        try:
            image = parse_image(reference)
        except UnableToParseImage:
            return False
        name = image.digest or image.tag or "latest"
        return image.registry == self.host and self._images.manifest(image.path, name) is not None

    def image_id(self, reference: str) -> str:
        """What a kubelet reports that has pulled this image: its repository and digest; made up for another registry's."""
        try:
            image = parse_image(reference)
        except UnableToParseImage:
            return image_digest(reference)
        found = self._images.manifest(image.path, image.digest or image.tag or "latest")
        if image.registry != self.host or found is None:
            return image_digest(reference)
        return f"{image.repository}@{found.digest}"

    def remove(self, path: str, tag: str) -> None:
        """Deletes the tag and its manifest. Raises KeyError where there is none."""
        self._images.remove(path, tag)

    def remove_manifest(self, path: str, digest: str) -> None:
        """Deletes one manifest, as a clean-up of what has no tag does. Raises KeyError where there is none."""
        self._images.remove_manifest(path, digest)

    def platforms(self, path: str, digest: str) -> list[str]:
        """The digests of an index' images, what only attests to them left out."""
        index = self._images.manifest(path, digest)
        return [self._images.platform(path, index).digest] if index else []

    def make_private(self, path: str, user: str, password: str) -> None:
        """From now on this user alone may read the repository."""
        self.tokens.private[path] = Account(user, password)

    def expire_tokens(self) -> None:
        self.tokens.expire()

    # How it answers.

    def _answer(self, request: Request) -> Response:
        user = self.tokens.user_of(request)
        response = self.failures.strike(request) or self._route(request)
        status = 0 if response.dropped else response.status
        self.requests.entries.append(
            Entry(request.method, request.path, dict(request.query), user, status, "", "")
        )
        return response

    def _route(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return replies.error(405, "UNSUPPORTED", "The operation is unsupported.")
        if request.path == "/token":
            return self.tokens.issue(request)
        if request.path in ("/v2", "/v2/"):
            return self._refuse(request, "") or replies.content(200, {})
        match = _READ.fullmatch(request.path)
        if match is None:
            return Response(status=404, body=b"404 page not found\n")
        return self._refuse(request, match[1]) or self._read(request, match[1], match[2], match[3])

    def _refuse(self, request: Request, path: str) -> Response | None:
        if self.auth == "token":
            return self.tokens.refuse(request, path, f"{self.url}/token")
        if self.auth == "basic" and not self.tokens.may_read(path, basic_account(request)):
            header = {"WWW-Authenticate": 'Basic realm="demo"'}
            return replies.error(401, "UNAUTHORIZED", "authentication required", header)
        return None

    def _read(self, request: Request, path: str, kind: str, name: str) -> Response:
        if kind == "tags":
            tags = self._images.tags(path)
            if tags is None:
                return replies.error(404, "NAME_UNKNOWN", "repository name not known to registry")
            return replies.content(200, {"name": path, "tags": tags})
        if kind == "blobs":
            blob = self._images.blob(path, name)
            return _send(blob) if blob else replies.error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        manifest = self._images.manifest(path, name)
        if manifest is None:
            return replies.error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        accept = request.headers.get("accept", "")
        wants_one = DOCKER_MANIFEST in accept and DOCKER_LIST not in accept
        if manifest.media_type == DOCKER_LIST and wants_one and not name.startswith("sha256:"):
            manifest = self._images.platform(path, manifest)
        return _withhold(manifest, name, accept) or _send(manifest)


def _withhold(manifest: Blob, name: str, accept: str) -> Response | None:
    """What Accept does not name is not sent; a wildcard does not count (distribution 2.8, manifests.go).

    Docker's own types it would rather turn into older ones, where they are requested by tag, and cannot.
    """
    accepted = {one.partition(";")[0].strip() for one in accept.split(",")}
    if manifest.media_type in accepted:
        return None
    if manifest.media_type not in (OCI_INDEX, OCI_MANIFEST):
        is_by_tag = not name.startswith("sha256:")
        return replies.error(400, "MANIFEST_INVALID", "manifest invalid", detail={}) if is_by_tag else None
    kind = "index" if manifest.media_type == OCI_INDEX else "manifest"
    message = f"OCI {kind} found, but accept header does not support OCI {'indexes' if kind == 'index' else 'manifests'}"
    return replies.error(404, "MANIFEST_UNKNOWN", message)


def _send(blob: Blob) -> Response:
    return replies.blob(blob.content, blob.media_type, blob.digest)
