"""Commits and who descends from whom, as git knows it."""

import hashlib
import heapq
import re
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Person:
    """Who wrote a commit; `login` is empty for bots and strangers without a GitHub account."""

    name: str
    email: str
    login: str = ""


@dataclass(frozen=True)
class Commit:
    sha: str
    message: str
    author: Person
    committed_at: datetime
    parents: tuple[str, ...]
    index: int
    files: tuple[str, ...] = ()
    """What it changed against its first parent."""
    objects: tuple[bytes, ...] = ()
    """Git's objects that came with it: blob, tree and commit, each with its header; none where git itself brought them."""

    @property
    def headline(self) -> str:
        return self.message.partition("\n")[0]


@dataclass(frozen=True)
class Divergence:
    """Seen from `base`: the commits only `head` has, those only `base` has, oldest first, and where they parted."""

    ahead: tuple[str, ...]
    behind: tuple[str, ...]
    merge_base: str

    @property
    def status(self) -> str:
        if self.ahead and self.behind:
            return "DIVERGED"
        if self.ahead:
            return "AHEAD"
        return "BEHIND" if self.behind else "IDENTICAL"


def id_of(git_object: bytes) -> str:
    """Git's name of an object: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects."""
    return hashlib.sha1(git_object, usedforsecurity=False).hexdigest()


def _object(kind: str, content: bytes) -> bytes:
    return f"{kind} {len(content)}\0".encode() + content


class CommitGraph:
    """Append-only: parents come before their children, which the walk in `divergence` relies on."""

    def __init__(self) -> None:
        self.commits: list[Commit] = []
        self._by_sha: dict[str, Commit] = {}
        self._by_prefix: dict[str, list[str]] = {}
        self._divergences: dict[tuple[str, str], Divergence | None] = {}

    def add(
        self,
        *,
        message: str,
        author: Person,
        parents: tuple[str, ...],
        at: datetime,
        salt: str,
        files: tuple[str, ...] = (),
    ) -> str:
        """The new commit's sha, the hash of all it says, as in git. Raises KeyError for an unknown parent."""
        for parent in parents:
            self.get(parent)
        at = at.astimezone(UTC).replace(microsecond=0)
        blob = _object("blob", f"{salt} {len(self.commits)}\n".encode())
        tree = _object("tree", b"100644 COUNT\0" + bytes.fromhex(id_of(blob)))
        stamp = f"{author.name} <{author.email}> {int(at.timestamp())} +0000"
        lines = [
            f"tree {id_of(tree)}",
            *(f"parent {parent}" for parent in parents),
            f"author {stamp}",
            f"committer {stamp}",
            "",
            message,
        ]
        commit = _object("commit", "\n".join(lines).encode())
        return self.keep(
            id_of(commit),
            message=message,
            author=author,
            parents=parents,
            at=at,
            files=files,
            objects=(blob, tree, commit),
        )

    def keep(
        self,
        sha: str,
        *,
        message: str,
        author: Person,
        parents: tuple[str, ...],
        at: datetime,
        files: tuple[str, ...],
        objects: tuple[bytes, ...] = (),
    ) -> str:
        """Add a commit under the sha that git has given it; return that. Its parents are there already."""
        commit = Commit(sha, message, author, at, parents, len(self.commits), files, objects)
        self.commits.append(commit)
        self._by_sha[sha] = commit
        self._by_prefix.setdefault(sha[:4], []).append(sha)
        return sha

    def __contains__(self, sha: str) -> bool:
        return sha in self._by_sha

    def get(self, sha: str) -> Commit:
        return self._by_sha[sha]

    def resolve(self, text: str) -> str | None:
        """The full sha of 4 to 40 hexadecimal digits; None when no commit or more than one begins so."""
        if not re.fullmatch(r"[0-9a-f]{4,40}", text):
            return None
        found = [sha for sha in self._by_prefix.get(text[:4], ()) if sha.startswith(text)]
        return found[0] if len(found) == 1 else None

    def divergence(self, *, base: str, head: str) -> Divergence | None:
        """None when the two share no ancestor. Walks only as far as they differ, and once per pair."""
        pair = (base, head)
        if pair not in self._divergences:
            self._divergences[pair] = self._walk(self.get(base).index, self.get(head).index)
        return self._divergences[pair]

    def _walk(self, base: int, head: int) -> Divergence | None:
        seen_from = {base: 1}
        seen_from[head] = seen_from.get(head, 0) | 2
        queue = [-index for index in seen_from]
        heapq.heapify(queue)
        only: dict[int, list[str]] = {1: [], 2: []}
        while any(seen_from[-index] != 3 for index in queue):
            commit = self.commits[-heapq.heappop(queue)]
            sides = seen_from[commit.index]
            if sides != 3:
                only[sides].append(commit.sha)
            for parent in commit.parents:
                index = self.get(parent).index
                if index not in seen_from:
                    heapq.heappush(queue, -index)
                seen_from[index] = seen_from.get(index, 0) | sides
        shared = [index for index, sides in seen_from.items() if sides == 3]
        if not shared:
            return None
        return Divergence(
            ahead=tuple(reversed(only[2])),
            behind=tuple(reversed(only[1])),
            merge_base=self.commits[max(shared)].sha,
        )

    def history(self, sha: str) -> list[Commit]:
        """The commit and all its ancestors, newest first."""
        seen, waiting = {sha}, [sha]
        while waiting:
            for parent in self.get(waiting.pop()).parents:
                if parent not in seen:
                    seen.add(parent)
                    waiting.append(parent)
        return sorted((self.get(each) for each in seen), key=lambda commit: -commit.index)
