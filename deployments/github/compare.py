"""The commits between two: https://docs.github.com/rest/commits/commits#compare-two-commits. A pair of SHAs never changes its answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from deployments.github.transport import Transport

PER_PAGE = 100
PAGES_AT_MOST = 3


@dataclass(frozen=True)
class Commit:
    sha: str
    headline: str
    author: str
    committed_at: datetime
    url: str


@dataclass(frozen=True)
class Comparison:
    """`commits` are what `head` has and `base` lacks, oldest first; at most 300, whereas `total` is the true count."""

    commits: tuple[Commit, ...]
    total: int
    status: str
    """ahead, behind, diverged or identical: head seen from base."""


def compare(transport: Transport, owner: str, repository: str, *, base: str, head: str) -> Comparison:
    """Raise GitHubNotFound for commits that are unknown, or share no history."""
    path = f"/repos/{quote(owner)}/{quote(repository)}/compare/{quote(base)}...{quote(head)}"
    found: list[Commit] = []
    total, status = 0, ""
    pages = 1
    page = 1
    while page <= pages:
        answer = transport.get(path, {"per_page": PER_PAGE, "page": page})
        total, status = answer["total_commits"], answer["status"]
        # The newest commits are the ones that a person looks for, and they come last.
        pages = min(-(-total // PER_PAGE), PAGES_AT_MOST)
        found += [_commit(each) for each in answer["commits"]]
        page += 1
    return Comparison(tuple(found), total, status)


def _commit(node: dict[str, Any]) -> Commit:
    commit = node["commit"]
    author = commit.get("author") or {}
    return Commit(
        sha=node["sha"],
        headline=commit["message"].partition("\n")[0],
        author=(node.get("author") or {}).get("login") or author.get("name") or "",
        committed_at=datetime.fromisoformat((commit.get("committer") or author)["date"]),
        url=node["html_url"],
    )
