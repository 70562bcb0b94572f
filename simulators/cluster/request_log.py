"""The server's requests and answers."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Entry:
    """One request as it was answered; `status` is 0 when the connection was dropped."""

    method: str
    path: str
    query: dict[str, str]
    user: str
    status: int
    content_type: str
    body: str


@dataclass
class RequestLog:
    """The requests since the last `clear()`, oldest first."""

    entries: list[Entry] = field(default_factory=list)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self.entries))

    def __len__(self) -> int:
        return len(self.entries)

    def clear(self) -> None:
        self.entries.clear()

    def matching(self, *, method: str | None = None, path_contains: str = "") -> list[Entry]:
        return [one for one in self if method in (None, one.method) and path_contains in one.path]
