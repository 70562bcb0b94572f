"""The commits between two, by REST: https://docs.github.com/en/rest/commits/commits#compare-two-commits."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deployments.clients.github.answer import Answer
from deployments.clients.github.errors import GitHubUnavailable
from deployments.rules.links import https_link
from deployments.rules.times import parse_time
from deployments.rules.wording import printable

KEPT = 250
PAGE = 100
FILES_LISTED = 300
"""https://docs.github.com/en/rest/commits/commits#get-a-commit: so many on its first page."""
# What `git revert` and GitHub's button write: https://git-scm.com/docs/git-revert.
_REVERTS = re.compile(r"\bThis reverts commit ([0-9a-f]{40})\b")
_FILES = re.compile(rb',\s*"files"\s*:\s*\[')


@dataclass(frozen=True)
class Commit:
    sha: str
    headline: str
    author: str
    committed_at: datetime | None
    """None where its date cannot be valid: a committer may write any."""
    url: str
    parents: tuple[str, ...] = ()
    reverts: tuple[str, ...] = ()
    """The commits that its message says it takes back."""


@dataclass(frozen=True)
class Comparison:
    """The commits that `head` has and `base` lacks, oldest first: the newest 250 at most, `total` being the true number.

    `status` is ahead, behind, diverged or identical, `head` seen from `base`.
    """

    commits: tuple[Commit, ...]
    total: int
    status: str
    base_headline: str = ""
    """The first line of `base`'s own message."""


def read_comparison(get_page: Callable[[int], Answer]) -> Comparison:
    """All pages that hold the newest 250 commits. The first is always read: it has the total. Raises GitHubError."""
    first = _page(get_page(1))
    total = first["total_commits"]
    dropped = max(total - KEPT, 0)
    commits = [
        commit
        for number in range(dropped // PAGE + 1, -(-total // PAGE) + 1)
        for commit in _commits(number, first, get_page)
    ]
    kept = commits[-KEPT:] if dropped else commits
    base = printable(first["base_commit"]["commit"]["message"].partition("\n")[0])
    return Comparison(commits=tuple(kept), total=total, status=first["status"], base_headline=base)


def read_files(answer: Answer) -> frozenset[str] | None:
    """The paths that a commit changed, of a renamed file both; None where there may be more than the answer lists."""
    if answer.is_cut:
        return None
    files = answer.json().get("files") or []
    if len(files) >= FILES_LISTED:
        return None
    names = (each.get(name) for each in files for name in ("filename", "previous_filename"))
    return frozenset(printable(name) for name in names if isinstance(name, str))


def _commits(number: int, first: Mapping[str, Any], get_page: Callable[[int], Answer]) -> Iterator[Commit]:
    page = first if number == 1 else _page(get_page(number))
    for each in page["commits"]:
        stated = each["commit"]
        yield Commit(
            sha=each["sha"],
            headline=printable(stated["message"].partition("\n")[0]),
            author=printable(
                (each.get("author") or {}).get("login") or (stated.get("author") or {}).get("name") or ""
            ),
            committed_at=parse_time(stated["committer"]["date"]),
            url=https_link(each["html_url"]),
            parents=tuple(parent["sha"] for parent in each.get("parents") or ()),
            reverts=tuple(_REVERTS.findall(stated["message"])),
        )


def _page(answer: Answer) -> Any:
    """The page without its files: they come last, may be megabytes, and an answer cut off within them still has all we need."""
    if not answer.is_cut:
        return answer.json()
    files = _FILES.search(answer.body)
    if files is None:
        raise GitHubUnavailable("The comparison is larger than Headway reads. See it on GitHub.")
    return json.loads(answer.body[: files.start()] + b"}")
