"""What can go wrong with GitHub; each error's text is a message for a person with a remedy."""

from datetime import datetime, timedelta


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


class GitHubTokenRefused(GitHubRefused):
    """The token itself is wrong, expired or revoked."""


class GitHubRateLimited(GitHubError):
    """Too many requests; `resets_at` is when asking makes sense again, in UTC.

    `is_stated` when that moment is GitHub's own word and not merely the minute at least that it wants; `is_secondary` when all
    of the account has to rest and not one kind of request. `who` names what has to rest, once the client knows it.
    """

    def __init__(self, resets_at: datetime, *, is_stated: bool = True, is_secondary: bool = False) -> None:
        self.resets_at = resets_at
        self.is_stated = is_stated
        self.is_secondary = is_secondary
        self.who = ""
        super().__init__(
            f"GitHub answers again at {_to_the_minute(resets_at):%H:%M} UTC: its rate limit is used up. Nothing to do but wait."
        )


def _to_the_minute(moment: datetime) -> datetime:
    """Rounded up, so that nobody comes too early."""
    return moment + timedelta(seconds=-moment.second % 60) if moment.second else moment
