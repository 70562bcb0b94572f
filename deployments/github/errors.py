"""What can go wrong between us and GitHub; each error's text is a sentence for a person that says what to do."""

from datetime import datetime


class GitHubError(Exception):
    """The root: catch this one to catch them all."""


class GitHubUnavailable(GitHubError):
    """No answer, or none that can be read: trying again later may help."""


class GitHubOverloaded(GitHubUnavailable):
    """GitHub gave up on this very question: asking for less at once may help."""


class GitHubRefused(GitHubError):
    """GitHub understood and said no: a person has to change something first."""


class GitHubNotFound(GitHubError):
    """Missing, deleted or not visible to this token; GitHub does not say which."""


class GitHubRateLimited(GitHubError):
    """Too many requests; `resets_at` is when asking makes sense again, in UTC, None when GitHub did not say."""

    def __init__(self, resets_at: datetime | None) -> None:
        self.resets_at = resets_at
        until = f"after {resets_at:%H:%M} UTC" if resets_at else "in a few minutes"
        super().__init__(f"GitHub's rate limit is used up: nothing to do but ask again {until}.")
