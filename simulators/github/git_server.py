"""Git's smart HTTP: `git ls-remote` and clones for everyone, where a repository is public, and pushes with a token.

What everyone may read without a token Headway reads, in protocol version 2; git itself serves the rest (git_folder.py).
https://git-scm.com/docs/gitprotocol-v2 and https://git-scm.com/docs/gitprotocol-http
"""

import base64
import binascii
import gzip
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from simulators.github.catalogue import Catalogue
from simulators.github.git_folder import GitFolder
from simulators.github.repository import Repository
from simulators.loopback import Request, Response

_PATH = re.compile(
    r"/(?P<owner>[^/]+)/(?P<name>[^/]+?)(?:\.git)?/(?P<what>info/refs|git-upload-pack|git-receive-pack)"
)
_FLUSH, _DELIMITER = b"0000", b"0001"
_UPLOAD_PACK, _RECEIVE_PACK = "git-upload-pack", "git-receive-pack"
Pushed = Callable[[Repository, str, str], None]
"""Gets the repository, the branch that was moved, and its tip before; forty zeros where it is new."""


def named(request: Request) -> frozenset[str]:
    """The repository that the path names, as `owner/name` in lower case; nothing where the path is not git's."""
    match = _PATH.fullmatch(request.path)
    return frozenset({f"{match['owner']}/{match['name']}".lower()} if match else ())


class GitServer:
    """`push_token` is the password of who may push, whatever the name; `pushed` is called after each push."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.push_token = "demo-push-token"  # noqa: S105 -- the demo's own
        self.pushed: list[Pushed] = []
        self._catalogue = catalogue
        self._home: Path | None = None
        self._folders: dict[int, GitFolder] = {}

    def stop(self) -> None:
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = None

    def answered(self, request: Request, url: str) -> Response:
        match = _PATH.fullmatch(request.path)
        found = self._catalogue.find(match["owner"], match["name"]) if match else None
        if match is None or found is None or found.is_hidden or found.is_private:
            # GitHub asks for a password rather than reveal that there is nothing.
            return _unauthorized()
        if found.full_name.lower() != f"{match['owner']}/{match['name']}".lower():
            query = (
                "?" + "&".join(f"{name}={value}" for name, value in request.query.items())
                if request.query
                else ""
            )
            return Response(
                status=301, headers={"Location": f"{url}/{found.full_name}.git/{match['what']}{query}"}
            )
        asked = (request.method, match["what"])
        if _RECEIVE_PACK in {match["what"], request.query.get("service")}:
            return self._refused(request, found) or self._received(request, asked, found)
        if asked == ("GET", "info/refs"):
            return _advertised(request)
        if asked == ("POST", _UPLOAD_PACK):
            return self._uploaded(request, found)
        return Response(status=405)

    def _refused(self, request: Request, repository: Repository) -> Response | None:
        password = _password_of(request)
        if password is None:
            return _unauthorized(b"Authentication failed.")
        if password != self.push_token:
            return Response(status=403, body=f"Permission to {repository.full_name}.git denied.".encode())
        return Response(status=403, body=b"It is archived.") if repository.is_archived else None

    def _received(self, request: Request, asked: tuple[str, str], repository: Repository) -> Response:
        folder = self._folder(repository)
        if asked == ("GET", "info/refs"):
            head = _line(b"# service=git-receive-pack\n") + _FLUSH
            return _git("advertisement", head + folder.advertise("receive-pack"), service=_RECEIVE_PACK)
        if asked != ("POST", _RECEIVE_PACK):
            return Response(status=405)
        answer, moved = folder.serve("receive-pack", _body_of(request))
        for branch, before in moved.items():
            for each in self.pushed:
                each(repository, branch, before)
        return _git("result", answer, service=_RECEIVE_PACK)

    def _uploaded(self, request: Request, repository: Repository) -> Response:
        body = _body_of(request)
        wanted = list(_lines_in(body))
        if b"command=ls-refs" in wanted:
            return _listed(wanted, repository)
        if b"command=fetch" not in wanted:
            return _git("result", _line(b"ERR unknown command"))
        return _git("result", self._folder(repository).serve("upload-pack", body, protocol="version=2")[0])

    def _folder(self, repository: Repository) -> GitFolder:
        if self._home is None:
            self._home = Path(tempfile.mkdtemp(prefix="headway-git-"))
        name = str(repository.id)
        return self._folders.setdefault(repository.id, GitFolder(self._home / name, repository))


def _unauthorized(text: bytes = b"Repository not found.") -> Response:
    return Response(status=401, headers={"WWW-Authenticate": 'Basic realm="GitHub"'}, body=text)


def _password_of(request: Request) -> str | None:
    """Of HTTP's basic authentication; None where there is none."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return password if scheme.lower() == "basic" and user and colon else None


def _body_of(request: Request) -> bytes:
    """Git compresses what it asks for, where that is long."""
    is_compressed = request.headers.get("content-encoding") == "gzip"
    return gzip.decompress(request.body) if is_compressed else request.body


def _advertised(request: Request) -> Response:
    if request.query.get("service") != _UPLOAD_PACK or request.headers.get("git-protocol") != "version=2":
        return Response(status=403, body=b"Please upgrade your git client.")
    lines = (
        *(b"version 2\n", b"agent=git/demo\n", b"ls-refs=unborn\n", b"fetch=shallow\n"),
        b"object-format=sha1\n",
    )
    head = _line(b"# service=git-upload-pack\n") + _FLUSH
    return _git("advertisement", head + b"".join(map(_line, lines)) + _FLUSH)


def _listed(wanted: list[bytes], repository: Repository) -> Response:
    prefixes = tuple(line.removeprefix(b"ref-prefix ") for line in wanted if line.startswith(b"ref-prefix "))
    refs = {f"refs/heads/{name}".encode(): sha.encode() for name, sha in sorted(repository.branches.items())}
    default = f"refs/heads/{repository.default_branch}".encode()
    lines = [sha + b" " + name for name, sha in refs.items() if name.startswith(prefixes or b"")]
    if default in refs and b"HEAD".startswith(prefixes or b""):
        target = b" symref-target:" + default if b"symrefs" in wanted else b""
        lines.insert(0, refs[default] + b" HEAD" + target)
    return _git("result", b"".join(_line(line + b"\n") for line in lines) + _FLUSH)


def _git(kind: str, body: bytes, *, service: str = _UPLOAD_PACK) -> Response:
    headers = {"Content-Type": f"application/x-{service}-{kind}", "Cache-Control": "no-cache"}
    return Response(headers=headers, body=body)


def _line(text: bytes) -> bytes:
    return f"{len(text) + 4:04x}".encode() + text


def _lines_in(body: bytes) -> Iterator[bytes]:
    at = 0
    while at + 4 <= len(body):
        size = int(body[at : at + 4], 16)
        if size >= len(_FLUSH):
            yield body[at + 4 : at + size].rstrip(b"\n")
        at += max(size, 4)
