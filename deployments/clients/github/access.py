"""Which account may send requests now: the owner's own token, the App's, or the default one; unless GitHub wants that account to wait."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from deployments.clients.github.accounts import NOBODY, Account, account_of, name_of
from deployments.clients.github.app import Installations
from deployments.clients.github.errors import GitHubError, GitHubRateLimited, GitHubRefused

Paused = Mapping[str, datetime]
"""Accounts that must not ask before a moment, by the `who` of an earlier GitHubRateLimited."""
NOBODY_PAUSED: Paused = {}
_APP = Account("GitHub App", "")


class Access:
    def __init__(self, *, token: str, tokens: Mapping[str, str], installations: Installations | None) -> None:
        self._token = token
        self._tokens = {owner.lower(): each for owner, each in tokens.items()}
        self._installations = installations

    def account_for(self, owner: str, paused: Paused) -> Account:
        """Raises GitHubError where the account cannot be had."""
        if token := self._tokens.get(owner.lower()):
            return account_of(token, owner=owner.lower())
        if self._installations is not None and (
            account := self._installed(self._installations, owner, paused)
        ):
            return account
        return account_of(self._token)

    def given(self) -> Iterator[Account | tuple[str, GitHubError]]:
        """Each token that was set, or the name of the setting and what is wrong with it."""
        for owner, token in (("", self._token), *sorted(self._tokens.items())):
            try:
                account = account_of(token, owner=owner)
            except GitHubRefused as error:
                yield name_of(owner), error
                continue
            if account != NOBODY:
                yield account

    def installation_lacks(self, owner: str) -> tuple[str, ...] | GitHubError | None:
        """What the App may not read for that owner and should, or why it cannot be asked; None where it is not asked."""
        if self._installations is None or self._tokens.get(owner.lower()):
            return None
        try:
            return self._installations.lacks(owner)
        except GitHubError as error:
            return error

    def forget(self) -> None:
        """A token was refused that should have been good: ask for new ones."""
        if self._installations is not None:
            self._installations.forget()

    def _installed(self, installations: Installations, owner: str, paused: Paused) -> Account | None:
        raise_if_paused(_APP, "core", paused)
        try:
            return installations.account_for(owner)
        except GitHubRateLimited as error:
            raise named(error, _APP, "core") from error


def raise_if_paused(account: Account, resource: str, paused: Paused) -> None:
    """Raise the limit that still applies to such a request: GitHub counts REST (core) and GraphQL apart."""
    standing = [who for who in (account.name, f"{account.name}, {resource}") if who in paused]
    if standing:
        longest = max(standing, key=lambda who: paused[who])
        error = GitHubRateLimited(paused[longest])
        error.who = longest
        raise error


def named(error: GitHubRateLimited, account: Account, resource: str) -> GitHubRateLimited:
    """The same error, which now says which account has to wait."""
    error.who = account.name if error.is_secondary else f"{account.name}, {resource}"
    return error
