"""A repository as a folder that git itself serves: made when someone clones or pushes, from the commits that are there."""

import os
import subprocess
import zlib
from datetime import UTC, datetime
from pathlib import Path

from simulators.github.graph import Person, id_of
from simulators.github.repository import ICCO, Repository

_HEADS, _TAGS = "refs/heads/", "refs/tags/"
_NONE = "0" * 40
_COMMIT = "%(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)"
"""That of an annotated tag is behind it."""


class GitFolder:
    """`serve` answers one request of git's smart HTTP; what a push has brought is in the Repository afterwards."""

    def __init__(self, folder: Path, repository: Repository) -> None:
        self._folder, self._repository = folder, repository
        self._written = 0

    def advertise(self, service: str, *, protocol: str = "") -> bytes:
        self._write()
        return self._git(service, "--http-backend-info-refs", str(self._folder), protocol=protocol)

    def serve(self, service: str, body: bytes, *, protocol: str = "") -> tuple[bytes, dict[str, str]]:
        """Git's answer, and the branches that a push has moved, each with its tip before."""
        self._write()
        before = self._refs()
        answer = self._git(service, "--stateless-rpc", str(self._folder), body=body, protocol=protocol)
        return answer, self._read(before) if service == "receive-pack" else {}

    def _write(self) -> None:
        """Bring the folder up to what the Repository has."""
        if not self._folder.exists():
            self._git("init", "--quiet", "--bare", str(self._folder))
        commits = self._repository.graph.commits
        for commit in commits[self._written :]:
            for each in commit.objects:
                self._keep(each)
        self._written = len(commits)
        refs = {f"{_HEADS}{name}": sha for name, sha in self._repository.branches.items()}
        refs |= {f"{_TAGS}{name}": sha for name, sha in self._repository.tags.items()}
        present = self._refs()
        changes = [f"update {name} {sha}\n" for name, sha in refs.items() if present.get(name) != sha]
        changes += [f"delete {name}\n" for name in present if name not in refs]
        self._in_folder("update-ref", "--stdin", body="".join(changes).encode())
        self._in_folder("symbolic-ref", "HEAD", f"{_HEADS}{self._repository.default_branch}")

    def _keep(self, git_object: bytes) -> None:
        name = id_of(git_object)
        path = self._folder / "objects" / name[:2] / name[2:]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(zlib.compress(git_object))

    def _read(self, before: dict[str, str]) -> dict[str, str]:
        """Take over what a push has brought."""
        after = self._refs()
        changed = {
            name: (before.get(name, _NONE), after.get(name, _NONE))
            for name in before.keys() | after.keys()
            if before.get(name) != after.get(name)
        }
        if tips := [new for _, new in changed.values() if new != _NONE]:
            known = [f"^{sha}" for sha in before.values()]
            listed = self._in_folder("rev-list", "--reverse", "--topo-order", *tips, *known)
            for sha in listed.decode().split():
                if sha not in self._repository.graph:
                    self._add(sha)
        self._written = len(self._repository.graph.commits)
        for name, (_, new) in changed.items():
            refs = self._repository.branches if name.startswith(_HEADS) else self._repository.tags
            key = name.removeprefix(_HEADS).removeprefix(_TAGS)
            refs.pop(key, None) if new == _NONE else refs.update({key: new})
        return {
            name.removeprefix(_HEADS): old for name, (old, _) in changed.items() if name.startswith(_HEADS)
        }

    def _add(self, sha: str) -> None:
        texts = self._in_folder("show", "--no-patch", "--format=%P%x00%an%x00%ae%x00%ct%x00%B", sha).decode()
        parents, name, email, seconds, message = texts.split("\0")
        files = self._in_folder("diff-tree", "--root", "-r", "--no-commit-id", "--name-only", "-z", sha)
        person = ICCO if email == ICCO.email else Person(name=name, email=email)
        self._repository.graph.keep(
            sha,
            message=message.strip(),
            author=person,
            parents=tuple(parents.split()),
            at=datetime.fromtimestamp(int(seconds), UTC),
            files=tuple(files.decode().strip("\0").split("\0")),
        )

    def _refs(self) -> dict[str, str]:
        lines = self._in_folder("for-each-ref", f"--format=%(refname) {_COMMIT}").decode().splitlines()
        return dict(line.split(" ") for line in lines)

    def _in_folder(self, *arguments: str, body: bytes = b"") -> bytes:
        return self._git("-C", str(self._folder), *arguments, body=body)

    def _git(self, *arguments: str, body: bytes = b"", protocol: str = "") -> bytes:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_PROTOCOL": protocol,
        }
        # S607: git is where this machine has it, and nothing that a request says is an argument.
        done = subprocess.run(
            ["git", *arguments], input=body, env=environment, capture_output=True, check=True
        )
        return done.stdout
