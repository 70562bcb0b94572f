"""Git's smart HTTP, protocol version 2, as far as `git ls-remote` goes: what everyone may read without a token.

https://git-scm.com/docs/gitprotocol-v2 and https://git-scm.com/docs/gitprotocol-http
"""

import re
from collections.abc import Iterator

from simulators.github.catalogue import Catalogue
from simulators.github.repository import Repository
from simulators.loopback import Request, Response

_PATH = re.compile(r"/(?P<owner>[^/]+)/(?P<name>[^/]+?)(?:\.git)?/(?P<what>info/refs|git-upload-pack)")
_FLUSH, _DELIMITER = b"0000", b"0001"
_UPLOAD_PACK = "git-upload-pack"


def named(request: Request) -> frozenset[str]:
    """The repository that the path names, as `owner/name` in lower case; nothing where the path is not git's."""
    match = _PATH.fullmatch(request.path)
    return frozenset({f"{match['owner']}/{match['name']}".lower()} if match else ())


def answered(request: Request, catalogue: Catalogue, url: str) -> Response:
    match = _PATH.fullmatch(request.path)
    found = catalogue.find(match["owner"], match["name"]) if match else None
    if match is None or found is None or found.is_hidden or found.is_private:
        # GitHub asks for a password rather than reveal that there is nothing.
        return Response(
            status=401, headers={"WWW-Authenticate": 'Basic realm="GitHub"'}, body=b"Repository not found."
        )
    if found.full_name.lower() != f"{match['owner']}/{match['name']}".lower():
        query = (
            "?" + "&".join(f"{name}={value}" for name, value in request.query.items())
            if request.query
            else ""
        )
        return Response(
            status=301, headers={"Location": f"{url}/{found.full_name}.git/{match['what']}{query}"}
        )
    if match["what"] == "info/refs" and request.method == "GET":
        return _advertised(request)
    if match["what"] == _UPLOAD_PACK and request.method == "POST":
        return _listed(request, found)
    return Response(status=405)


def _advertised(request: Request) -> Response:
    if request.query.get("service") != _UPLOAD_PACK or request.headers.get("git-protocol") != "version=2":
        return Response(status=403, body=b"Please upgrade your git client.")
    lines = (b"version 2\n", b"agent=git/demo\n", b"ls-refs=unborn\n", b"object-format=sha1\n")
    head = _line(b"# service=git-upload-pack\n") + _FLUSH
    return _git("advertisement", head + b"".join(map(_line, lines)) + _FLUSH)


def _listed(request: Request, repository: Repository) -> Response:
    wanted = list(_lines_in(request.body))
    if b"command=ls-refs" not in wanted:
        return _git("result", _line(b"ERR unknown command"))
    prefixes = tuple(line.removeprefix(b"ref-prefix ") for line in wanted if line.startswith(b"ref-prefix "))
    refs = {f"refs/heads/{name}".encode(): sha.encode() for name, sha in sorted(repository.branches.items())}
    default = f"refs/heads/{repository.default_branch}".encode()
    lines = [sha + b" " + name for name, sha in refs.items() if name.startswith(prefixes or b"")]
    if default in refs and b"HEAD".startswith(prefixes or b""):
        target = b" symref-target:" + default if b"symrefs" in wanted else b""
        lines.insert(0, refs[default] + b" HEAD" + target)
    return _git("result", b"".join(_line(line + b"\n") for line in lines) + _FLUSH)


def _git(kind: str, body: bytes) -> Response:
    headers = {"Content-Type": f"application/x-git-upload-pack-{kind}", "Cache-Control": "no-cache"}
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
