"""GitHub: what is newest, how far behind the running commit is, and the commits to deploy."""

from deployments.clients.github.answer import Budget
from deployments.clients.github.app import AppCredentials
from deployments.clients.github.client import GitHub
from deployments.clients.github.compare import Commit, Comparison
from deployments.clients.github.errors import (
    GitHubError,
    GitHubNotFound,
    GitHubRateLimited,
    GitHubRefused,
    GitHubTokenRefused,
    GitHubUnavailable,
)
from deployments.clients.github.grants import Grant
from deployments.clients.github.heads import Built, Head, HeadProblem, HeadQuestion
from deployments.clients.github.membership import is_member
from deployments.clients.github.sweep import Answers
from deployments.clients.github.versions import VersionQuestion, Versions

__all__ = [
    "Answers",
    "AppCredentials",
    "Budget",
    "Built",
    "Commit",
    "Comparison",
    "GitHub",
    "GitHubError",
    "GitHubNotFound",
    "GitHubRateLimited",
    "GitHubRefused",
    "GitHubTokenRefused",
    "GitHubUnavailable",
    "Grant",
    "Head",
    "HeadProblem",
    "HeadQuestion",
    "VersionQuestion",
    "Versions",
    "is_member",
]
