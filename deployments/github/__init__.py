"""GitHub: what is newest, how far behind the running commit is, and what would ship."""

from deployments.github.answer import Budget
from deployments.github.app import AppCredentials
from deployments.github.client import GitHub
from deployments.github.compare import Commit, Comparison
from deployments.github.errors import (
    GitHubError,
    GitHubNotFound,
    GitHubRateLimited,
    GitHubRefused,
    GitHubTokenRefused,
    GitHubUnavailable,
)
from deployments.github.grants import Grant
from deployments.github.heads import Head, HeadProblem, HeadQuestion
from deployments.github.sweep import Answers

__all__ = [
    "Answers",
    "AppCredentials",
    "Budget",
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
]
