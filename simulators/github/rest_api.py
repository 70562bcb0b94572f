"""The REST side: a branch's tip, the commits between two, the rate limit, and where renamed repositories went."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from simulators.github.answers import error_response, json_response
from simulators.github.catalogue import Catalogue
from simulators.github.graph import Commit
from simulators.github.nodes import timestamp
from simulators.github.permissions import TokenPermissions
from simulators.github.refusals import SAML
from simulators.github.repository import Repository
from simulators.loopback import Request, Response

_ROUTE = re.compile(
    r"/(?:repos/(?P<owner>[^/]+)/(?P<name>[^/]+)|repositories/(?P<id>\d+))(?:/(?P<what>commits|compare|attestations)/(?P<rest>.+))?"
)
_FILES = 300
_COMMITS = 250


def named(request: Request) -> frozenset[str]:
    """The repository that the path names, as `owner/name` in lower case."""
    match = _ROUTE.fullmatch(request.path)
    return frozenset({f"{match['owner']}/{match['name']}".lower()} if match and match["owner"] else ())


def answered(
    request: Request,
    catalogue: Catalogue,
    *,
    permissions: TokenPermissions | None,
    patch_bytes: int,
    url: str,
) -> Response:
    match = _ROUTE.fullmatch(request.path)
    found = _find(match, catalogue) if match and request.method == "GET" else None
    if match is None or found is None or not _is_shown(found, permissions):
        return error_response(404, "Not Found")
    if refusal := _refusal(found, permissions, match["what"]):
        return refusal
    if match["owner"] and found.full_name.lower() != f"{match['owner']}/{match['name']}".lower():
        return _moved(request, found, url)
    return _answer(request, found, match, patch_bytes)


def _answer(request: Request, found: Repository, match: re.Match[str], patch_bytes: int) -> Response:
    if match["what"] == "commits":
        return _commit(request, found, match["rest"])
    if match["what"] == "compare":
        return _compare(request, found, match["rest"], patch_bytes)
    if match["what"] == "attestations":
        return _attestations(request, found, match["rest"])
    return json_response(
        {"id": found.id, "full_name": found.full_name, "default_branch": found.default_branch}
    )


def _is_shown(repository: Repository, permissions: TokenPermissions | None) -> bool:
    """Without a token the public ones."""
    if repository.is_hidden:
        return False
    return permissions.sees(repository.owner) if permissions else not repository.is_private


def _refusal(
    repository: Repository, permissions: TokenPermissions | None, what: str | None
) -> Response | None:
    if repository.is_saml_protected:
        return error_response(
            403, SAML, {"X-GitHub-SSO": f"required; url=https://github.com/orgs/{repository.owner}/sso"}
        )
    if repository.policy:
        return error_response(403, repository.policy, {"X-Accepted-GitHub-Permissions": "contents=read"})
    if what == "attestations" and repository.is_private and permissions and permissions.lacks(what):
        return error_response(
            403, permissions.refusal, {"X-Accepted-GitHub-Permissions": "attestations=read"}
        )
    if what and permissions and permissions.lacks("contents"):
        return error_response(403, permissions.refusal, {"X-Accepted-GitHub-Permissions": "contents=read"})
    return None


def _find(match: re.Match[str], catalogue: Catalogue) -> Repository | None:
    return (
        catalogue.with_id(int(match["id"])) if match["id"] else catalogue.find(match["owner"], match["name"])
    )


def _moved(request: Request, repository: Repository, url: str) -> Response:
    rest = request.path.split("/", 4)[4] if request.path.count("/") > 3 else ""
    query = "&".join(f"{name}={value}" for name, value in request.query.items())
    target = (
        f"{url}/repositories/{repository.id}" + (f"/{rest}" if rest else "") + (f"?{query}" if query else "")
    )
    body = {
        "message": "Moved Permanently",
        "url": target,
        "documentation_url": "https://docs.github.com/rest",
    }
    return json_response(body, status=301, headers={"Location": target})


def _commit(request: Request, repository: Repository, ref: str) -> Response:
    if not repository.branches:
        return error_response(409, "Git Repository is empty.")
    commit = repository.resolve(ref)
    if commit is None:
        return error_response(422, f"No commit found for SHA: {ref}")
    if "sha" not in request.headers.get("accept", ""):
        shown = commit.files[:_FILES]
        files = [{"filename": each, "status": "modified", "changes": 1} for each in shown]
        return json_response(commit_json(repository, commit) | {"files": files})
    etag = {"ETag": f'"{commit.sha}"', "Cache-Control": "private, max-age=60, s-maxage=60"}
    if request.headers.get("if-none-match", "").removeprefix("W/") == etag["ETag"]:
        return Response(status=304, headers=etag)
    headers = {**etag, "Content-Type": "application/vnd.github.sha; charset=utf-8"}
    return Response(headers=headers, body=commit.sha.encode())


def commit_json(repository: Repository, commit: Commit) -> dict[str, Any]:
    at, author = timestamp(commit.committed_at), commit.author
    person = {"name": author.name, "email": author.email, "date": at}
    user = {"login": author.login, "type": "User"} if author.login else None
    return {
        "sha": commit.sha,
        "commit": {"author": person, "committer": person, "message": commit.message},
        "url": f"https://api.github.com/repos/{repository.full_name}/commits/{commit.sha}",
        "html_url": f"https://github.com/{repository.full_name}/commit/{commit.sha}",
        "author": user,
        "committer": user,
        "parents": [{"sha": parent} for parent in commit.parents],
    }


def _compare(request: Request, repository: Repository, basehead: str, patch_bytes: int) -> Response:
    base, dots, head = basehead.partition("...")
    divergence = repository.compare(base, head) if dots else None
    if divergence is None:
        return error_response(404, "Not Found")
    commits = [repository.graph.get(sha) for sha in divergence.ahead]
    shown, page = _page(commits, request.query)
    body = {
        "status": divergence.status.lower(),
        "ahead_by": len(divergence.ahead),
        "behind_by": len(divergence.behind),
        "total_commits": len(divergence.ahead),
        "base_commit": commit_json(repository, repository.resolve(base)),  # type: ignore[arg-type]
        "merge_base_commit": commit_json(repository, repository.graph.get(divergence.merge_base)),
        "commits": [commit_json(repository, each) for each in shown],
        "files": [],
    }
    if page == 1:
        files = min(len(commits), _FILES)
        body["files"] = [
            {"filename": f"src/{number}.go", "status": "modified", "patch": "+" * patch_bytes}
            for number in range(files)
        ]
    return json_response(body)


def _attestations(request: Request, repository: Repository, digest: str) -> Response:
    """Sigstore bundles, whose signatures this GitHub leaves out: https://docs.github.com/en/rest/repos/attestations."""
    kind = {"provenance": "https://slsa.dev/provenance/"}.get(request.query.get("predicate_type", ""), "")
    found = [
        each
        for each in repository.attestations.get(digest, [])
        if str(each["predicateType"]).startswith(kind)
    ]
    if not found:
        return error_response(404, "Not Found")
    return json_response(
        {"attestations": [{"repository_id": repository.id, "bundle": _bundle(each)} for each in found]}
    )


def _bundle(statement: dict[str, Any]) -> dict[str, Any]:
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"tlogEntries": [], "certificate": {"rawBytes": ""}},
        "dsseEnvelope": {
            "payload": payload,
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"sig": ""}],
        },
    }


def _page(commits: list[Commit], query: Mapping[str, str]) -> tuple[list[Commit], int]:
    """Without paging the newest 250; with it, pages from the oldest on, as GitHub does."""
    if "page" not in query and "per_page" not in query:
        return commits[-_COMMITS:], 1
    page, size = max(int(query.get("page", 1)), 1), min(int(query.get("per_page", 30)), 100)
    return commits[(page - 1) * size : page * size], page
