"""The newest commit of many branches: up to 25 repositories in one GraphQL request, which costs one point.

https://docs.github.com/graphql/reference/objects#repository. `Ref.compare(headRef:)` takes the ref as its base: with the running
commit as head, `behindBy` counts the commits that the running one lacks, `aheadBy` those that the branch lacks.
"""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deployments.github.errors import GitHubError

_SHA = re.compile(r"[0-9a-f]{7,40}")
_CHECK_STATES = {
    "SUCCESS": "success",
    "FAILURE": "failure",
    "ERROR": "failure",
    "PENDING": "pending",
    "EXPECTED": "pending",
}
_TIP = """fragment Tip on Ref { name target { __typename oid ... on Commit {
  messageHeadline committedDate author { name user { login } } statusCheckRollup { state } } } }"""


@dataclass(frozen=True, kw_only=True)
class HeadQuestion:
    """Which branch's newest commit, compared with which running one."""

    key: Hashable
    """Comes back with the answer."""
    owner: str
    repository: str
    branch: str = ""
    """Empty: the default branch."""
    running: str = ""
    """7 to 40 hexadecimal digits; anything else is not asked about."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """A branch's newest commit."""

    key: Hashable
    repository_id: int
    """GitHub's databaseId, which outlives a rename."""
    name_with_owner: str
    """As it is called now: after a rename, not what was asked for."""
    branch: str
    sha: str
    headline: str
    author: str
    committed_at: datetime
    check_state: str
    """none, pending, success or failure"""
    is_archived: bool
    running_sha: str
    """The running commit in full; empty where the repository does not know it."""
    behind_by: int | None
    """Commits that the running one lacks; None where they share no history, or nothing was asked."""
    ahead_by: int | None


@dataclass(frozen=True, kw_only=True)
class HeadTrouble:
    """Why there is no answer for this one."""

    key: Hashable
    error: GitHubError


def build_query(questions: Sequence[HeadQuestion]) -> tuple[str, dict[str, str]]:
    """Return the query's text and its variables. All that comes from outside is a variable."""
    variables: dict[str, str] = {}
    selections = [_selection(number, question, variables) for number, question in enumerate(questions)]
    declared = " ".join(f"${name}: String!" for name in variables)
    limit = "rateLimit { limit remaining resetAt }"
    return f"query Heads({declared}) {{ {limit} {' '.join(selections)} }} {_TIP}", variables


def _selection(number: int, question: HeadQuestion, variables: dict[str, str]) -> str:
    variables |= {f"o{number}": question.owner, f"n{number}": question.repository}
    ref, compare, known = "defaultBranchRef", "", ""
    if question.branch:
        variables[f"b{number}"] = f"refs/heads/{question.branch}"
        ref = f"ref(qualifiedName: $b{number})"
    if _SHA.fullmatch(question.running):
        variables[f"s{number}"] = question.running
        compare = f"compare(headRef: $s{number}) {{ aheadBy behindBy }}"
        known = f"running: object(expression: $s{number}) {{ __typename oid }}"
    return (
        f"r{number}: repository(owner: $o{number}, name: $n{number}) {{ "
        f"databaseId nameWithOwner isArchived isEmpty head: {ref} {{ ...Tip {compare} }} {known} }}"
    )


def read_head(question: HeadQuestion, repository: dict[str, Any]) -> Head | HeadTrouble:
    """Read one repository's part of the answer."""
    ref = repository["head"]
    name = repository["nameWithOwner"]
    if repository["isEmpty"]:
        return _trouble(question, f"The repository {name} is empty: push a commit.")
    if ref is None:
        branch = question.branch or "default branch"
        return _trouble(
            question, f"The repository {name} has no branch {branch}: correct the mapping's branch."
        )
    tip = ref["target"]
    if tip is None or tip["__typename"] != "Commit":
        return _trouble(question, f"The branch {ref['name']} of {name} does not lead to a commit.")
    compared = ref.get("compare") or {}
    running = repository.get("running") or {}
    author = tip["author"] or {}
    rollup = tip["statusCheckRollup"]
    return Head(
        key=question.key,
        repository_id=repository["databaseId"] or 0,
        name_with_owner=name,
        branch=ref["name"],
        sha=tip["oid"],
        headline=tip["messageHeadline"],
        author=(author.get("user") or {}).get("login") or author.get("name") or "",
        committed_at=datetime.fromisoformat(tip["committedDate"]),
        check_state=_CHECK_STATES.get(rollup["state"], "pending") if rollup else "none",
        is_archived=repository["isArchived"],
        running_sha=running["oid"] if running.get("__typename") == "Commit" else "",
        behind_by=compared.get("behindBy"),
        ahead_by=compared.get("aheadBy"),
    )


def _trouble(question: HeadQuestion, sentence: str) -> HeadTrouble:
    return HeadTrouble(key=question.key, error=GitHubError(sentence))
