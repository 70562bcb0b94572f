"""What a developer does with the real git."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Clone:
    """A clone of `address` in `folder`. Raises CalledProcessError where git fails; its words are in `stderr`."""

    address: str
    folder: Path

    def __post_init__(self) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self._run("clone", "--quiet", self.address, str(self.folder), folder=self.folder.parent)

    def commit(self, message: str, *, file: str = "main.go") -> str:
        """Return the new commit."""
        (self.folder / file).write_text(message)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def push(self, message: str, *options: str) -> str:
        """Commit and push; return the commit."""
        sha = self.commit(message)
        self.git("push", "--quiet", *options, "origin", "HEAD")
        return sha

    def git(self, *arguments: str) -> str:
        return self._run(*arguments, folder=self.folder)

    def _run(self, *arguments: str, folder: Path) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.com",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.com",
        }
        done = subprocess.run(
            ["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()
