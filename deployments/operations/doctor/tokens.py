"""GitHub's tokens: whether each is accepted, what it may do as far as GitHub says, and until when."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from deployments.clients.clients import Clients
from deployments.clients.github import GitHubError, Grant
from deployments.operations.doctor.findings import Finding, bad, good, warning

SOON = timedelta(days=14)
ENOUGH = frozenset({"repo", "public_repo", "repo:status"})
FINE_GRAINED = "a fine-grained token that may read contents, metadata and commit statuses, and nothing else"


def tokens_suffice(clients: Clients, *, now: datetime) -> Iterator[Finding]:
    """One line for each token that is set. Costs one request each."""
    grants = clients.github.grants()
    if not grants and not clients.github.has_app:
        message = "None is set: public repositories are read by git's own protocol, without CI and counts."
        yield warning("Token", message, f"Set GITHUB_TOKEN to {FINE_GRAINED}.")
    for name, grant in grants.items():
        yield _judged(name, grant, now=now)


def installations_suffice(clients: Clients, owners: Iterable[str]) -> Iterator[Finding]:
    """One line for each owner that the GitHub App is installed for. Costs one request each, or two."""
    named = sorted({owner.lower() for owner in owners})
    for owner, lacks in clients.github.installations_lack(named).items():
        subject = f"App, {owner}"
        if isinstance(lacks, GitHubError):
            yield bad(subject, str(lacks), "Until then, its repositories are not updated.")
        elif lacks:
            message = f"Its installation may not read {', '.join(lacks)}."
            yield bad(
                subject,
                message,
                "Grant that in the App's settings on GitHub (Permissions, read-only), and have the owner accept it.",
            )
        else:
            yield good(subject, "Its installation may read everything that Headway needs.")


def _judged(name: str, grant: Grant | GitHubError, *, now: datetime) -> Finding:
    subject = f"Token, {name}"
    if isinstance(grant, GitHubError):
        return bad(subject, str(grant), "Until then, its repositories are not updated.")
    message = f"{_may(grant)} {_lasts(grant, now=now)}"
    if grant.expires_at and grant.expires_at < now + SOON:
        return warning(subject, message, f"Create a new one now and set {name.partition(',')[0]}.")
    too_much = _too_much(grant)
    if too_much:
        return warning(
            subject, message, f"Headway only reads, and has no use for {too_much}. Set {FINE_GRAINED}."
        )
    return good(subject, message)


def _may(grant: Grant) -> str:
    if grant.scopes is None:
        return "Token valid. (GitHub doesn't expose a fine-grained token's permissions; see each repository below.)"
    if not grant.scopes:
        return "It is a classic token without scopes, and reads public repositories alone."
    return f"It is a classic token with {', '.join(sorted(grant.scopes))}."


def _lasts(grant: Grant, *, now: datetime) -> str:
    if grant.expires_at is None:
        return "It does not expire."
    days = (grant.expires_at - now).days
    return f"It expires on {grant.expires_at:%d %B %Y}, in {days} {'day' if days == 1 else 'days'}."


def _too_much(grant: Grant) -> str:
    return ", ".join(
        sorted(each for each in (grant.scopes or ()) if each not in ENOUGH and not each.startswith("read:"))
    )
