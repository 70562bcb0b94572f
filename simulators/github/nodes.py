"""What the query's objects answer: one class per type of the schema, attributes in snake case."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graphql import GraphQLResolveInfo

from simulators.github.connections import HistoryNode, ListNode, page_of
from simulators.github.graph import Commit, Divergence, Person
from simulators.github.permissions import TokenPermissions
from simulators.github.refusals import GitHubRefusal
from simulators.github.repository import Release, Repository

_TAGS = "refs/tags/"


def timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def resolve_field(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    """The attribute of that name in snake case, called with its arguments when it is a method."""
    value = getattr(source, _snake(info.field_name))
    return value(**{_snake(name): given for name, given in arguments.items()}) if callable(value) else value


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@dataclass(frozen=True)
class OwnerNode:
    login: str
    type_name = "User"
    database_id = 1
    name = None

    @property
    def id(self) -> str:
        return f"U_{self.login}"

    @property
    def url(self) -> str:
        return f"https://github.com/{self.login}"


class RepositoryNode:
    def __init__(self, repository: Repository, permissions: TokenPermissions) -> None:
        self._repository, self._permissions = repository, permissions
        self.database_id = repository.id
        self.id = f"R_{repository.id}"
        self.name, self.name_with_owner = repository.name, repository.full_name
        self.is_archived, self.is_private = repository.is_archived, repository.is_private
        self.is_disabled = self.is_fork = False
        self.url = f"https://github.com/{repository.full_name}"

    def owner(self) -> OwnerNode:
        return OwnerNode(self._repository.owner)

    def is_empty(self) -> bool:
        return not self._repository.branches

    def pushed_at(self) -> str | None:
        commits = self._repository.graph.commits
        return timestamp(commits[-1].committed_at) if commits else None

    def default_branch_ref(self) -> "RefNode | None":
        return self.ref(self._repository.default_branch)

    def ref(self, qualified_name: str) -> "RefNode | None":
        self._permissions.demand("contents")
        if qualified_name.startswith(_TAGS):
            name = qualified_name.removeprefix(_TAGS)
            return self._tag(name) if name in self._repository.tags else None
        branch = qualified_name.removeprefix("refs/heads/")
        sha = self._repository.branches.get(branch)
        return RefNode(self._repository, self._permissions, branch, sha) if sha else None

    def refs(
        self,
        ref_prefix: str,
        first: int | None = None,
        query: str = "",
        order_by: dict[str, str] | None = None,
        **_: Any,
    ) -> ListNode:
        """Tags, the newest first by their commits' dates: what Headway asks for."""
        self._permissions.demand("contents")
        if ref_prefix != _TAGS or order_by != {"field": "TAG_COMMIT_DATE", "direction": "DESC"}:
            raise GitHubRefusal("NOT_IMPLEMENTED", "Only tags are listed here, newest first.")
        # Of two on one commit the later one comes first.
        tags = [(name, sha) for name, sha in reversed(self._repository.tags.items()) if query in name]
        tags = sorted(tags, key=lambda tag: -self._repository.graph.get(tag[1]).index)
        return ListNode([self._tag(name) for name, _sha in page_of(tags, "refs", first=first)], len(tags))

    def releases(
        self, first: int | None = None, order_by: dict[str, str] | None = None, **_: Any
    ) -> ListNode:
        self._permissions.demand("contents")
        if order_by != {"field": "CREATED_AT", "direction": "DESC"}:
            raise GitHubRefusal("NOT_IMPLEMENTED", "Releases are listed newest first here.")
        newest = self._repository.releases[::-1]
        return ListNode(
            [self._release(each) for each in page_of(newest, "releases", first=first)], len(newest)
        )

    def latest_release(self) -> "ReleaseNode | None":
        """Neither a draft nor a pre-release."""
        self._permissions.demand("contents")
        full = [each for each in self._repository.releases if not each.is_draft and not each.is_prerelease]
        return self._release(full[-1]) if full else None

    def _release(self, release: Release) -> "ReleaseNode":
        return ReleaseNode(self._repository, self._permissions, release)

    def _tag(self, name: str) -> "RefNode":
        return RefNode(self._repository, self._permissions, name, self._repository.tags[name], prefix=_TAGS)

    def object(self, expression: str | None = None, oid: str | None = None) -> "CommitNode | None":
        self._permissions.demand("contents")
        commit = self._repository.resolve(oid or expression or "")
        return CommitNode(self._repository, self._permissions, commit) if commit else None


class ReleaseNode:
    def __init__(self, repository: Repository, permissions: TokenPermissions, release: Release) -> None:
        self._repository, self._permissions, self._release = repository, permissions, release
        self.tag_name, self.created_at = release.tag, timestamp(release.created_at)
        self.is_draft, self.is_prerelease = release.is_draft, release.is_prerelease
        self.id = f"RE_{repository.id}_{release.tag}"

    def is_latest(self) -> bool:
        latest = RepositoryNode(self._repository, self._permissions).latest_release()
        return latest is not None and latest.tag_name == self.tag_name

    def tag(self) -> "RefNode | None":
        return RepositoryNode(self._repository, self._permissions).ref(f"{_TAGS}{self.tag_name}")

    def tag_commit(self) -> "CommitNode | None":
        sha = self._repository.tags.get(self.tag_name)
        return (
            CommitNode(self._repository, self._permissions, self._repository.graph.get(sha)) if sha else None
        )


class TagNode:
    """The object of an annotated tag."""

    type_name = "Tag"

    def __init__(self, repository: Repository, permissions: TokenPermissions, name: str, sha: str) -> None:
        self._repository, self._permissions, self._sha = repository, permissions, sha
        self.name, self.message = name, f"Release {name}"
        self.oid = hashlib.sha1(f"tag {name} {sha}".encode(), usedforsecurity=False).hexdigest()
        self.id, self.abbreviated_oid = f"TA_{self.oid}", self.oid[:7]
        self.commit_resource_path = f"/{repository.full_name}/commit/{self.oid}"
        self.commit_url = f"https://github.com{self.commit_resource_path}"

    def repository(self) -> RepositoryNode:
        return RepositoryNode(self._repository, self._permissions)

    def target(self) -> "CommitNode":
        return CommitNode(self._repository, self._permissions, self._repository.graph.get(self._sha))


class RefNode:
    def __init__(
        self,
        repository: Repository,
        permissions: TokenPermissions,
        name: str,
        sha: str,
        *,
        prefix: str = "refs/heads/",
    ) -> None:
        self._repository, self._permissions, self._sha, self.prefix = repository, permissions, sha, prefix
        self.name, self.id = name, f"REF_{repository.id}_{name}"

    def repository(self) -> RepositoryNode:
        return RepositoryNode(self._repository, self._permissions)

    def target(self) -> "CommitNode | TagNode":
        if self.prefix == _TAGS and self.name in self._repository.annotated:
            return TagNode(self._repository, self._permissions, self.name, self._sha)
        return CommitNode(self._repository, self._permissions, self._repository.graph.get(self._sha))

    def compare(self, head_ref: str) -> "ComparisonNode | None":
        """The ref is the base, as in GitHub's schema: `aheadBy` counts what only `headRef` has."""
        divergence = self._repository.compare(self._sha, head_ref)
        head = self._repository.resolve(head_ref)
        return (
            ComparisonNode(self, divergence, CommitNode(self._repository, self._permissions, head))
            if divergence and head
            else None
        )


class ComparisonNode:
    def __init__(self, base: RefNode, divergence: Divergence, head: "CommitNode") -> None:
        self._base = base
        self.status, self.head_target = divergence.status, head
        self.ahead_by, self.behind_by = len(divergence.ahead), len(divergence.behind)
        self.id = f"CMP_{base.id}_{head.oid}"

    def base_target(self) -> "CommitNode | TagNode":
        return self._base.target()


class ActorNode:
    def __init__(self, person: Person, at: datetime) -> None:
        self.name, self.email, self.date = person.name, person.email, timestamp(at)
        self.user = OwnerNode(person.login) if person.login else None


class CommitNode:
    type_name = "Commit"

    def __init__(self, repository: Repository, permissions: TokenPermissions, commit: Commit) -> None:
        self._repository, self._permissions, self._commit = repository, permissions, commit
        self.oid, self.id = commit.sha, f"C_{commit.sha}"
        self.abbreviated_oid = commit.sha[:7]
        self.message, self.message_headline = commit.message, commit.headline
        self.message_body = commit.message.partition("\n")[2].strip()
        self.authored_date = self.committed_date = timestamp(commit.committed_at)
        self.resource_path = self.commit_resource_path = f"/{repository.full_name}/commit/{commit.sha}"
        self.url = self.commit_url = f"https://github.com{self.resource_path}"

    def repository(self) -> RepositoryNode:
        return RepositoryNode(self._repository, self._permissions)

    def author(self) -> ActorNode:
        return ActorNode(self._commit.author, self._commit.committed_at)

    committer = author

    def status_check_rollup(self) -> "RollupNode | None":
        self._permissions.demand_checks()
        state = self._repository.checks(self.oid)
        return RollupNode(self, state) if state else None

    def history(self, first: int | None = None, last: int | None = None, **_: Any) -> HistoryNode:
        commits = self._repository.graph.history(self.oid)
        shown = page_of(commits, "history", first=first, last=last)
        return HistoryNode(
            [CommitNode(self._repository, self._permissions, each) for each in shown], len(commits)
        )


class RollupNode:
    def __init__(self, commit: CommitNode, state: str) -> None:
        self.commit, self.state, self.id = commit, state, f"SCR_{commit.oid}"
