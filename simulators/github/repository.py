"""Repositories of the demo's GitHub: branches, checks, renames, and who may see them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import RLock
from typing import TYPE_CHECKING, Any

from simulators.github.graph import Commit, CommitGraph, Divergence, Person

if TYPE_CHECKING:
    from simulators.github.catalogue import Catalogue

ICCO = Person(name="Nat Welch", email="nat@natwelch.com", login="icco")
DEPENDABOT = Person(name="dependabot[bot]", email="49699333+dependabot[bot]@users.noreply.github.com")
_FILLING = RLock()
CHECK_STATES = frozenset({"ERROR", "EXPECTED", "FAILURE", "PENDING", "SUCCESS"})


@dataclass
class Release:
    """A release as its page on GitHub has it; one that is a draft is seen by who may push."""

    tag: str
    is_draft: bool = False
    is_prerelease: bool = False
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Repository:
    """One repository. `history` fills it the first time that anyone looks, so that thousands cost nothing."""

    type_name = "Repository"

    def __init__(
        self,
        owner: str,
        name: str,
        default_branch: str = "main",
        *,
        id: int = 1,  # noqa: A002 -- GitHub's word
        history: Callable[["Repository"], None] | None = None,
    ) -> None:
        self.owner, self.name, self.default_branch, self.id = owner, name, default_branch, id
        self.is_archived = self.is_private = self.is_hidden = self.is_saml_protected = False
        self.policy = ""
        """GitHub's words for an owner's policy that keeps this token out; empty where none does."""
        self.catalogue: Catalogue | None = None
        self._history, self._is_filled = history, history is None
        self._graph = CommitGraph()
        self._branches: dict[str, str] = {}
        self._checks: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        """The commit that each tag leads to, in the order in which they were made."""
        self.annotated: set[str] = set()
        """Annotated tags: with a tag object between them and their commit."""
        self.attestations: dict[str, list[dict[str, Any]]] = {}
        """Statements by the digest that they are about."""
        self.releases: list[Release] = []
        """In the order in which they were made."""

    @property
    def graph(self) -> CommitGraph:
        """All commits; the first call has the history written, while other threads wait."""
        if not self._is_filled:
            with _FILLING:
                history, self._history = self._history, None
                if history is not None:
                    history(self)
                    self._is_filled = True
        return self._graph

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    @property
    def branches(self) -> dict[str, str]:
        """The sha at the tip of each branch, by the branch's name."""
        self.graph  # noqa: B018 -- has the history written
        return self._branches

    @property
    def head(self) -> str:
        """The tip of the default branch. Raises KeyError while the repository is empty."""
        return self.branches[self.default_branch]

    def commit(
        self,
        message: str,
        *,
        author: Person | None = None,
        parents: tuple[str, ...] | None = None,
        bot: bool = False,
        branch: str = "",
        at: datetime | None = None,
        files: tuple[str, ...] = ("main.go",),
    ) -> str:
        """The sha of a new commit at the tip of the branch (default: the default one), whose tip is its parent unless given."""
        branch = branch or self.default_branch
        if parents is None:
            parents = (self.branches[branch],) if branch in self.branches else ()
        sha = self.graph.add(
            message=message,
            author=author or (DEPENDABOT if bot else ICCO),
            parents=parents,
            at=at or datetime.now(UTC),
            salt=str(self.id),
            files=files,
        )
        self.branches[branch] = sha
        return sha

    def merge(self, branch: str, message: str, *, at: datetime | None = None) -> str:
        """The sha of the merge of `branch` into the default branch."""
        return self.commit(message, parents=(self.head, self.branches[branch]), at=at)

    def create_branch(self, branch: str, sha: str) -> None:
        self.branches[branch] = self.graph.get(sha).sha

    def force_push(self, sha: str, *, branch: str = "") -> None:
        """Moves a branch (default: the default one) to any commit; what it leaves behind stays known, as on GitHub."""
        self.create_branch(branch or self.default_branch, sha)

    def delete_branch(self, branch: str) -> None:
        del self.branches[branch]

    def rename_branch(self, old: str, new: str) -> None:
        self.branches[new] = self.branches.pop(old)
        if self.default_branch == old:
            self.default_branch = new

    def tag(self, name: str, sha: str = "", *, annotated: bool = False) -> str:
        """The commit (default: the head) that a new tag of that name leads to, or one that is moved, as by `git push --force`."""
        self.tags[name] = self.graph.get(sha or self.head).sha
        (self.annotated.add if annotated else self.annotated.discard)(name)
        return self.tags[name]

    def delete_tag(self, name: str) -> None:
        """A release of it becomes a draft, as on GitHub."""
        del self.tags[name]
        for each in self.releases:
            each.is_draft |= each.tag == name

    def release(
        self,
        tag: str,
        sha: str = "",
        *,
        draft: bool = False,
        prerelease: bool = False,
        annotated: bool = False,
    ) -> Release:
        """Publish a release, and make its tag where there is none; a draft's tag is not made before it is published."""
        if tag not in self.tags and not draft:
            self.tag(tag, sha, annotated=annotated)
        self.releases.append(Release(tag, is_draft=draft, is_prerelease=prerelease))
        return self.releases[-1]

    def set_checks(self, sha: str, state: str | None) -> None:
        """The roll-up of a commit's CI: one of CHECK_STATES, in any case, or None for no CI at all."""
        if state is None:
            self._checks.pop(sha, None)
            return
        if state.upper() not in CHECK_STATES:
            raise ValueError(
                f"There is no check state “{state}”: use one of {', '.join(sorted(CHECK_STATES))}."
            )
        self._checks[self.graph.get(sha).sha] = state.upper()

    def checks(self, sha: str) -> str | None:
        return self._checks.get(sha)

    def attest(
        self,
        digest: str,
        sha: str,
        *,
        repository: str = "",
        workflow: str = ".github/workflows/build.yml",
        predicate_type: str = "https://slsa.dev/provenance/v1",
    ) -> None:
        """As actions/attest-build-provenance does after a push: a statement that a workflow built this digest from a commit."""
        url = f"https://github.com/{repository or self.full_name}"
        ref = f"refs/heads/{self.default_branch}"
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": self.full_name, "digest": {"sha256": digest.removeprefix("sha256:")}}],
            "predicateType": predicate_type,
            "predicate": {
                "buildDefinition": {
                    "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                    "externalParameters": {"workflow": {"ref": ref, "repository": url, "path": workflow}},
                    "resolvedDependencies": [{"uri": f"git+{url}@{ref}", "digest": {"gitCommit": sha}}],
                },
                "runDetails": {"metadata": {"invocationId": f"{url}/actions/runs/1/attempts/1"}},
            },
        }
        self.attestations.setdefault(digest, []).append(statement)

    def archive(self) -> None:
        self.is_archived = True

    def rename(self, name: str, *, owner: str = "") -> None:
        """From now on the old name leads here, until someone takes it."""
        if self.catalogue is None:
            raise ValueError("This repository is in no catalogue: add it to one before renaming it.")
        self.catalogue.rename(self, owner or self.owner, name)

    def delete(self) -> None:
        if self.catalogue is not None:
            self.catalogue.remove(self)

    def resolve(self, expression: str) -> Commit | None:
        """The commit that a branch, a tag, a ref, HEAD or a sha (also shortened) names; None when there is none."""
        branch = self.default_branch if expression == "HEAD" else expression.removeprefix("refs/heads/")
        tagged = self.tags.get(expression.removeprefix("refs/tags/"))
        sha = tagged or self.branches.get(branch) or self.graph.resolve(expression)
        return self.graph.get(sha) if sha else None

    def compare(self, base: str, head: str) -> Divergence | None:
        """None when either is unknown or they share no ancestor."""
        first, second = self.resolve(base), self.resolve(head)
        if first is None or second is None:
            return None
        return self.graph.divergence(base=first.sha, head=second.sha)
