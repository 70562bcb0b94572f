"""What can go wrong with GitHub, one sentence each, for a person."""

from datetime import datetime


class GitHubError(Exception):
    """GitHub did not give what was asked of it."""


class GitHubUnavailable(GitHubError):
    """No answer, or none that can be read: asking again later may help."""

    is_network = False
    """Whether GitHub could not even be reached: then a smaller question would not help."""

    def __init__(self, sentence: str, *, is_network: bool = False) -> None:
        super().__init__(sentence)
        self.is_network = is_network


class GitHubRefused(GitHubError):
    """GitHub answered no, and says why: the token has to change, or its rights."""


class GitHubNotFound(GitHubError):
    """There is no such thing, or this token may not see it: GitHub does not tell which."""


class GitHubRateLimited(GitHubError):
    """Too many requests; `resets_at` says when GitHub answers again, where it told."""

    def __init__(self, resets_at: datetime | None) -> None:
        self.resets_at = resets_at
        when = f"at {resets_at:%H:%M} UTC" if resets_at else "in a few minutes"
        super().__init__(f"GitHub's rate limit is used up: it answers again {when}.")
