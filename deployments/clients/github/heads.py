"""The newest commit of a branch: what is asked about it, and what GitHub's answer says. `head_query.py` has the query."""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeGuard

from deployments.clients.github.errors import GitHubError, GitHubNotFound
from deployments.clients.github.problems import check_problem, errors_under, site_error
from deployments.clients.github.versions import (
    NO_VERSIONS,
    VersionQuestion,
    Versions,
    peeled,
    read_versions,
)
from deployments.rules.images import is_full_sha
from deployments.rules.times import parse_time

_LARGEST_COUNT = 2**31 - 1
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_CHECK_STATES = {
    "SUCCESS": "success",
    "FAILURE": "failure",
    "ERROR": "failure",
    "PENDING": "pending",
    "EXPECTED": "pending",
}


@dataclass(frozen=True, kw_only=True)
class HeadQuestion:
    """One site's question. An empty `branch` means the default branch; with `tag`, a tag of git takes the branch's place. `running`, `desired` and `built` are empty or a commit, 7 to 40 hex digits."""

    key: Hashable
    owner: str
    repository: str
    branch: str = ""
    tag: str = ""
    versions: VersionQuestion | None = None
    """Which versions there are, by release."""
    running: str = ""
    desired: str = ""
    built: str = ""
    """What the newest build says it is."""
    others: tuple[str, ...] = ()
    """Commits, in full, for which CI is queried with the head's."""


@dataclass(frozen=True, kw_only=True)
class Built:
    """What the repository knows of the commit that a build says it is.

    `sha` is as `running_sha`; `ahead_by` counts the commits that only it has, None where that is not known.
    """

    sha: str | None
    ahead_by: int | None = None
    headline: str = ""


@dataclass(frozen=True, kw_only=True)
class Head:
    """The newest commit of a branch and how far the running one is from it.

    `name_with_owner` is the present name: after a rename it differs from the requested one. `check_state` is none, pending, success,
    failure, or unknown when the token may not see it, and `check_problem` then says why. `running_sha` is the full sha, empty when the repository does not know the
    commit, None when that is unknown. `behind_by` counts commits that the running one lacks, `ahead_by` those that only it has; both are None when nothing
    runs or the two share no history. By git's own protocol, without a token, `repository_id`, `committed_at`, `is_archived` and the
    counts are None, headline and author empty.
    """

    key: Hashable
    repository_id: int | None
    name_with_owner: str
    branch: str
    """Empty where a tag was queried instead."""
    tag: str = ""
    """As in the question: the commit and the counts are its."""
    sha: str
    headline: str
    author: str
    committed_at: datetime | None
    check_state: str
    check_problem: str = ""
    is_archived: bool | None
    running_sha: str | None
    behind_by: int | None
    ahead_by: int | None
    desired_sha: str | None = None
    """As `running_sha`, of the question's `desired`."""
    built: Built | None = None
    """Of the question's `built`; None where it had none."""
    versions: Versions = NO_VERSIONS
    """As the question's `versions` asks for."""
    other_states: Mapping[str, str] = field(default_factory=dict)
    """As `check_state`, of the question's `others`, and of those of questions that were sent with it; one that the repository does not know is left out."""


@dataclass(frozen=True, kw_only=True)
class HeadProblem:
    """Why one site has no answer; `str(error)` is a sentence for a person."""

    key: Hashable
    error: GitHubError


def is_commit_name(text: str) -> bool:
    """Whether GitHub can be asked about it: 7 to 40 hex digits."""
    return _COMMIT.fullmatch(text) is not None


def read_head(
    question: HeadQuestion, node: Mapping[str, Any] | None, errors: Sequence[Mapping[str, Any]]
) -> Head:
    """The answer to one question. Raises GitHubError with the sentence for this site."""
    name = f"{question.owner}/{question.repository}"
    if node is None:
        raise site_error(errors, name)
    if (tip := node["head"]) is None:
        if about_head := errors_under(errors, "head"):
            raise site_error(about_head, name)
        if node["isEmpty"]:
            raise GitHubNotFound(empty(name))
        if question.tag:
            raise GitHubNotFound(f"{name} no longer has a tag {question.tag}.")
        if not question.branch:
            raise GitHubNotFound(f"{name} has no default branch. Choose one in its settings on GitHub.")
        raise GitHubNotFound(
            no_branch(question.branch, name, default=(node.get("default") or {}).get("name", ""))
        )
    target = _target_of(tip, errors, name)
    comparison, problem = tip.get("compare") or {}, check_problem(errors)
    return Head(
        key=question.key,
        repository_id=node["databaseId"],
        name_with_owner=node["nameWithOwner"],
        branch="" if question.tag else tip["name"],
        tag=question.tag,
        sha=_full_sha(target["oid"]),
        headline=target["messageHeadline"],
        author=_author(target["author"] or {}),
        committed_at=parse_time(target["committedDate"]),
        check_state=_check_state(target["statusCheckRollup"], problem),
        check_problem=problem,
        is_archived=node["isArchived"],
        running_sha=_commit_under("running", node, errors),
        behind_by=_count(comparison.get("behindBy")),
        ahead_by=_count(comparison.get("aheadBy")),
        desired_sha=_commit_under("desired", node, errors) if is_commit_name(question.desired) else None,
        built=_built(node, tip, errors) if is_commit_name(question.built) else None,
        versions=read_versions(node, question.versions) if question.versions else NO_VERSIONS,
        other_states=_other_states(question, node, errors),
    )


def _built(node: Mapping[str, Any], tip: Mapping[str, Any], errors: Sequence[Mapping[str, Any]]) -> Built:
    commit = node.get("built") or {}
    return Built(
        sha=_commit_under("built", node, errors),
        ahead_by=_count((tip.get("built") or {}).get("aheadBy")),
        headline=str(commit.get("messageHeadline") or ""),
    )


def _full_sha(oid: str) -> str:
    if not is_full_sha(oid):
        raise ValueError("A commit's id is 40 hexadecimal digits.")
    return oid


def _count(number: Any) -> int | None:
    """A number of commits; unknown where it cannot be stored."""
    return number if isinstance(number, int) and 0 <= number <= _LARGEST_COUNT else None


def _author(actor: Mapping[str, Any]) -> str:
    """The login, or the name of a bot or a stranger that has no GitHub account."""
    return (actor.get("user") or {}).get("login") or actor.get("name") or ""


def _is_commit(target: Mapping[str, Any] | None) -> TypeGuard[Mapping[str, Any]]:
    return target is not None and target["__typename"] == "Commit"


def empty(name: str) -> str:
    return f"{name} is empty. Push a first commit to it."


def no_branch(branch: str, name: str, *, default: str) -> str:
    """For one that was renamed, as for one that never was: `default` is what it is often renamed to."""
    its_name = f", “{default}”" if default else ""
    return f"{name} has no branch “{branch}”. Correct the site's branch, or leave it empty for the default one{its_name}."


def _target_of(tip: Mapping[str, Any], errors: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    target = tip["target"]
    if target is None and (about_target := errors_under(errors, "head", "target")):
        raise site_error(about_target, name)
    target = peeled(target)
    if not _is_commit(target):
        raise GitHubNotFound(
            f"The branch or tag “{tip['name']}” of {name} leads to no commit. Push one to it."
        )
    return target


def _commit_under(field: str, node: Mapping[str, Any], errors: Sequence[Mapping[str, Any]]) -> str | None:
    """A failed lookup at GitHub does not mean that there is no such commit."""
    commit = node.get(field)
    if _is_commit(commit):
        return str(commit["oid"])
    is_not_stated = any(each.get("type") != "NOT_FOUND" for each in errors_under(errors, field))
    return None if is_not_stated else ""


def _other_states(
    question: HeadQuestion, node: Mapping[str, Any], errors: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    found = {}
    for place, sha in enumerate(question.others):
        commit = node.get(f"c{place}") or {}
        if commit.get("oid") == sha:
            is_hidden = bool(errors_under(errors, f"c{place}"))
            found[sha] = _check_state(commit.get("statusCheckRollup"), "hidden" if is_hidden else "")
    return found


def _check_state(rollup: Mapping[str, Any] | None, problem: str) -> str:
    if rollup is not None:
        return _CHECK_STATES.get(rollup["state"], "unknown")
    return "unknown" if problem else "none"
