"""GitHub: the newest commits, their checks, and what lies between two commits."""

from collections.abc import Sequence
from typing import Self

from deployments.github.compare import Commit, Comparison, compare
from deployments.github.errors import (
    GitHubError,
    GitHubNotFound,
    GitHubRateLimited,
    GitHubRefused,
    GitHubUnavailable,
)
from deployments.github.heads import Head, HeadQuestion, HeadTrouble
from deployments.github.sweep import Answers, Budget, sweep
from deployments.github.transport import Transport

__all__ = [
    "Answers",
    "Budget",
    "Commit",
    "Comparison",
    "GitHub",
    "GitHubError",
    "GitHubNotFound",
    "GitHubRateLimited",
    "GitHubRefused",
    "GitHubUnavailable",
    "Head",
    "HeadQuestion",
    "HeadTrouble",
]


class GitHub:
    """A client of one GitHub: github.com, or an Enterprise Server by its `https://HOST/api/v3`."""

    def __init__(
        self, *, token: str, api_url: str = "https://api.github.com", timeout_seconds: float = 15
    ) -> None:
        self._transport = Transport(token=token, api_url=api_url, timeout_seconds=timeout_seconds)

    def heads(self, questions: Sequence[HeadQuestion]) -> Answers:
        """Return a head or a trouble for each question's key; never raises for what GitHub does."""
        return sweep(self._transport, questions)

    def compare(self, owner: str, repository: str, *, base: str, head: str) -> Comparison:
        """Return the commits that `head` has and `base` lacks. Raises GitHubError."""
        return compare(self._transport, owner, repository, base=base, head=head)

    def close(self) -> None:
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
