"""All repositories of the demo's GitHub."""

from collections.abc import Callable, Iterator

from simulators.github.repository import Repository


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
