"""The tips of branches by git's own protocol (v2, ls-refs), which any Git host answers without a token.

It knows no CI, no counts and no authors: those stay not known. https://git-scm.com/docs/protocol-v2#_ls_refs
"""

import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from deployments.clients.deadline import within
from deployments.clients.github.errors import (
    GitHubError,
    GitHubNotFound,
    GitHubOverloaded,
    GitHubRateLimited,
    GitHubRefused,
    GitHubUnavailable,
)
from deployments.clients.github.git_http import OneHost
from deployments.clients.github.heads import Built, Head, HeadProblem, HeadQuestion, empty, no_branch

if TYPE_CHECKING:
    from dulwich.client import LsRemoteResult

AT_ONCE = 4
_FAILURES_IN_A_ROW = 5
_BRANCHES = b"refs/heads/"


class GitRefs:
    """Repositories of one host, `web_url`; no other host is asked, whatever it redirects to. Counts `requests`."""

    def __init__(self, web_url: str, *, timeout_seconds: float) -> None:
        self._web_url = web_url.rstrip("/")
        self._timeout_seconds = timeout_seconds
        self._http = OneHost(self._web_url, timeout_seconds=timeout_seconds)

    @property
    def requests(self) -> int:
        return self._http.requests

    def close(self) -> None:
        self._http.clear()

    def heads(self, questions: Sequence[HeadQuestion]) -> dict[Hashable, Head | HeadProblem]:
        """An answer or a problem for every query's key; a rate limit, or a host that always fails, ends the queries."""
        if not questions:
            return {}
        query = _Query(self._head)
        with ThreadPoolExecutor(min(AT_ONCE, len(questions)), thread_name_prefix="git") as pool:
            return {answer.key: answer for answer in pool.map(query.ask, questions)}

    def _head(self, question: HeadQuestion) -> Head:
        if question.versions:
            raise GitHubRefused(_NO_RELEASES)
        wanted = [b"HEAD", _BRANCHES + question.branch.encode()] if question.branch else [b"HEAD"]
        path = f"{quote(question.owner, safe='')}/{quote(question.repository, safe='')}"
        with within(self._timeout_seconds), self._http.watched() as landed:
            found = self._ls_refs(f"{path}.git", wanted, name=path)
        branch = question.branch or _default_branch(found, path)
        sha = found.refs.get(_BRANCHES + branch.encode() if question.branch else b"HEAD")  # type: ignore[call-overload]
        if not sha:
            # A repository without commits has no default branch either, and raises that.
            raise GitHubNotFound(no_branch(branch, path, default=_default_branch(found, path)))
        return _as_head(question, branch=branch, sha=sha.decode(), name=landed.name or path)

    def _ls_refs(self, path: str, wanted: list[bytes], *, name: str) -> "LsRemoteResult":
        """Raises GitHubError for whatever dulwich raises about an answer that is not git's."""
        from dulwich.client import HttpGitClient
        from dulwich.errors import GitProtocolError, HangupException, NotGitRepository
        from urllib3.exceptions import HTTPError

        client = HttpGitClient(self._web_url, pool_manager=self._http, timeout=self._timeout_seconds)
        try:
            return client.get_refs(path.encode(), ref_prefix=wanted)
        except NotGitRepository as error:
            raise GitHubNotFound(
                f"{name} was not found on {urlsplit(self._web_url).hostname}, or is private. Check the name, or give Headway a token that can read it."
            ) from error
        except HangupException as error:
            raise GitHubOverloaded(_BROKEN_OFF) from error
        except (GitProtocolError, HTTPError, AssertionError, KeyError, ValueError) as error:
            raise GitHubUnavailable(_NOT_GIT) from error


class _Query:
    """Queries until that is pointless: then every further query gets the problem that ended it."""

    def __init__(self, head: Callable[[HeadQuestion], Head]) -> None:
        self._head = head
        self._lock = threading.Lock()
        self._failures_in_a_row = 0
        self._ended_by: GitHubError | None = None

    def ask(self, question: HeadQuestion) -> Head | HeadProblem:
        if self._ended_by is not None:
            return HeadProblem(key=question.key, error=self._ended_by)
        try:
            head = self._head(question)
        except GitHubError as error:
            self._count(error)
            return HeadProblem(key=question.key, error=error)
        self._count(None)
        return head

    def _count(self, error: GitHubError | None) -> None:
        with self._lock:
            is_down = isinstance(error, GitHubUnavailable)
            self._failures_in_a_row = self._failures_in_a_row + 1 if is_down else 0
            if isinstance(error, GitHubRateLimited) or self._failures_in_a_row >= _FAILURES_IN_A_ROW:
                self._ended_by = error


_NO_RELEASES = (
    "Releases cannot be read without a token: set GITHUB_TOKEN, or let commits be known by the image's tag."
)
_BROKEN_OFF = "The git host broke off before its answer was whole. Try again in a minute."
_NOT_GIT = "The git host's answer is not git's. Check GITHUB_URL, or try again in a minute."


def _default_branch(found: "LsRemoteResult", name: str) -> str:
    symrefs: Mapping[Any, Any] = found.symrefs
    target = symrefs.get(b"HEAD", b"")
    if not found.refs.get(b"HEAD"):  # type: ignore[call-overload]
        raise GitHubNotFound(empty(name))
    return bytes(target).removeprefix(_BRANCHES).decode(errors="replace") or "HEAD"


def _as_head(question: HeadQuestion, *, branch: str, sha: str, name: str) -> Head:
    is_head = bool(question.running) and sha.startswith(question.running)
    is_desired = bool(question.desired) and sha.startswith(question.desired)
    return Head(
        key=question.key,
        repository_id=None,
        name_with_owner=name,
        branch=branch,
        sha=sha,
        headline="",
        author="",
        committed_at=None,
        check_state="unknown",
        is_archived=None,
        running_sha=sha if is_head else None,
        desired_sha=sha if is_desired else None,
        behind_by=0 if is_head else None,
        ahead_by=0 if is_head else None,
        built=_built(question, sha) if question.built else None,
    )


def _built(question: HeadQuestion, sha: str) -> Built:
    """Git's own protocol can only be queried for the head."""
    return Built(sha=sha, ahead_by=0) if sha.startswith(question.built) else Built(sha=None)
