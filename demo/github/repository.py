"""Repositories of the demo's GitHub: branches, checks, renames, and who may see them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cached_property

from demo.github.graph import Commit, CommitGraph, Divergence, Person

ICCO = Person(name="Nat Welch", email="nat@natwelch.com", login="icco")
DEPENDABOT = Person(name="dependabot[bot]", email="49699333+dependabot[bot]@users.noreply.github.com")
CHECK_STATES = frozenset({"ERROR", "EXPECTED", "FAILURE", "PENDING", "SUCCESS"})


class Repository:
    """One repository. `history` fills it the first time that anybody looks, so that thousands cost nothing."""

    type_name = "Repository"

    def __init__(
        self,
        owner: str,
        name: str,
        default_branch: str = "main",
        *,
        id: int = 1,
        history: Callable[["Repository"], None] | None = None,
    ) -> None:
        self.owner, self.name, self.default_branch, self.id = owner, name, default_branch, id
        self.is_archived = self.is_private = self.is_hidden = self.is_saml_protected = False
        self.catalogue: Catalogue | None = None
        self._history = history
        self._branches: dict[str, str] = {}
        self._checks: dict[str, str] = {}

    @cached_property
    def graph(self) -> CommitGraph:
        self.__dict__["graph"] = graph = CommitGraph()
        if self._history:
            self._history(self)
        return graph

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    @property
    def branches(self) -> dict[str, str]:
        """The sha at the tip of each branch, by the branch's name."""
        return self._branches if self.graph else {}

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
    ) -> str:
        """The sha of a new commit at the tip of the branch (default: the default one), whose tip is its parent unless told."""
        branch = branch or self.default_branch
        if parents is None:
            parents = (self.branches[branch],) if branch in self.branches else ()
        sha = self.graph.add(
            message=message,
            author=author or (DEPENDABOT if bot else ICCO),
            parents=parents,
            at=at or datetime.now(UTC),
            salt=str(self.id),
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

    def set_checks(self, sha: str, state: str | None) -> None:
        """The roll-up of a commit's CI: one of CHECK_STATES, in any case, or None for no CI at all."""
        if state is None:
            self._checks.pop(sha, None)
            return
        if state.upper() not in CHECK_STATES:
            raise ValueError(
                f"GitHub knows no check state “{state}”: use one of {', '.join(sorted(CHECK_STATES))}."
            )
        self._checks[self.graph.get(sha).sha] = state.upper()

    def checks(self, sha: str) -> str | None:
        return self._checks.get(sha)

    def archive(self) -> None:
        self.is_archived = True

    def rename(self, name: str, *, owner: str = "") -> None:
        """From now on the old name leads here, until somebody takes it."""
        if self.catalogue is None:
            raise ValueError("This repository stands in no catalogue: add it to one before renaming it.")
        self.catalogue.rename(self, owner or self.owner, name)

    def delete(self) -> None:
        if self.catalogue is not None:
            self.catalogue.remove(self)

    def resolve(self, expression: str) -> Commit | None:
        """The commit that a branch, a ref, HEAD or a sha (also shortened) names; None when there is none."""
        branch = self.default_branch if expression == "HEAD" else expression.removeprefix("refs/heads/")
        sha = self.branches.get(branch) or self.graph.resolve(expression)
        return self.graph.get(sha) if sha else None

    def compare(self, base: str, head: str) -> Divergence | None:
        """None when either is unknown or they share no ancestor."""
        first, second = self.resolve(base), self.resolve(head)
        if first is None or second is None:
            return None
        return self.graph.divergence(base=first.sha, head=second.sha)


class Catalogue:
    """All repositories, found by owner and name in any case, by former names, and by id."""

    def __init__(self) -> None:
        self._by_name: dict[str, Repository] = {}
        self._by_former_name: dict[str, Repository] = {}
        self._by_id: dict[int, Repository] = {}

    def add(self, repository: Repository) -> Repository:
        if repository.id in self._by_id:
            repository.id = max(self._by_id) + 1
        self._by_id[repository.id] = repository
        self._by_name[repository.full_name.lower()] = repository
        repository.catalogue = self
        return repository

    def create(
        self,
        full_name: str,
        default_branch: str = "main",
        *,
        history: Callable[[Repository], None] | None = None,
    ) -> Repository:
        owner, _, name = full_name.partition("/")
        number = next(reversed(self._by_id), 1000) + 1
        return self.add(Repository(owner, name, default_branch, id=number, history=history))

    def rename(self, repository: Repository, owner: str, name: str) -> None:
        self._by_former_name[repository.full_name.lower()] = self._by_name.pop(repository.full_name.lower())
        repository.owner, repository.name = owner, name
        self._by_name[repository.full_name.lower()] = repository

    def remove(self, repository: Repository) -> None:
        del self._by_id[repository.id]
        del self._by_name[repository.full_name.lower()]
        self._by_former_name = {
            old: kept for old, kept in self._by_former_name.items() if kept is not repository
        }

    def find(self, owner: str, name: str, *, follow_renames: bool = True) -> Repository | None:
        key = f"{owner}/{name}".lower()
        return self._by_name.get(key) or (self._by_former_name.get(key) if follow_renames else None)

    def with_id(self, number: int) -> Repository | None:
        return self._by_id.get(number)

    def __getitem__(self, full_name: str) -> Repository:
        return self._by_name[full_name.lower()]

    def __contains__(self, full_name: str) -> bool:
        return full_name.lower() in self._by_name

    def __iter__(self) -> Iterator[Repository]:
        return iter(list(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)
