"""Answers that other registries, and proxies before them, give in place of docker-registry's, in their own words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Oddity:
    """One answer; `methods` are the requests that get it."""

    status: int
    media_type: str
    body: bytes
    methods: tuple[str, ...] = ("GET", "HEAD")
    digest: str = ""
    """What its header says, where there is one."""


def _errors(code: str, message: str) -> bytes:
    return b'{"errors":[{"code":"%s","message":"%s"}]}' % (code.encode(), message.encode())


_JSON = "application/json"
# Amazon's registry, for `docker pull` twelve hours after the login.
ECR_TOKEN_EXPIRED = Oddity(
    403, _JSON, _errors("DENIED", "Your authorization token has expired. Reauthenticate and try again.")
)
GITLAB_TOKEN_EXPIRED = Oddity(401, _JSON, _errors("UNAUTHORIZED", "the access token has expired"))
NO_RIGHT_TO_PULL = Oddity(
    403, _JSON, _errors("DENIED", "installation not allowed to read organization package")
)
# A proxy that lets GET pass and knows no HEAD.
HEAD_NOT_FOUND, HEAD_FORBIDDEN, HEAD_NOT_ALLOWED, HEAD_NOT_IMPLEMENTED = (
    Oddity(status, "text/plain", b"", methods=("HEAD",)) for status in (404, 403, 405, 501)
)
LOGIN_PAGE = Oddity(200, "text/html; charset=utf-8", b"<!doctype html><title>Sign in to continue</title>")
ERROR_PAGE = Oddity(200, _JSON, b'{"message":"Service not found"}')
NOTHING = Oddity(200, "", b"")
# A proxy that repeats the registry's headers, which clients join.
DIGEST_TWICE = Oddity(
    200,
    "application/vnd.oci.image.manifest.v1+json",
    b"",
    methods=("HEAD",),
    digest=f"sha256:{'a' * 64}, sha256:{'a' * 64}",
)
# A registry whose HEAD leaves out what its GET says.
BARE_HEAD = Oddity(200, "", b"", methods=("HEAD",))
