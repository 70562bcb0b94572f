"""GitHub as Headway needs it: the heads of many branches, and the commits between two."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Self
from urllib.parse import quote

from deployments.clients.github.access import NOBODY_PAUSED, Access, Paused, named, raise_if_paused
from deployments.clients.github.accounts import NOBODY, Account
from deployments.clients.github.answer import Answer, Budget
from deployments.clients.github.app import AppCredentials, Installations
from deployments.clients.github.attestations import PAGE as ATTESTATIONS
from deployments.clients.github.attestations import read_attestation
from deployments.clients.github.compare import PAGE, Comparison, read_comparison, read_files
from deployments.clients.github.errors import (
    GitHubError,
    GitHubNotFound,
    GitHubRateLimited,
    GitHubRefused,
    GitHubTokenRefused,
    GitHubUnavailable,
)
from deployments.clients.github.git_refs import GitRefs
from deployments.clients.github.grants import Grant, grant_in
from deployments.clients.github.heads import Head, HeadProblem, HeadQuestion
from deployments.clients.github.sweep import Answers, Sweep
from deployments.clients.github.transport import Transport
from deployments.rules.provenance import Attestation


class GitHub:
    """A client for one GitHub, with a token for each owner in `tokens`, an App's for those it is installed for, or `token`.

    Without any, public repositories are read by git's own protocol. `api_url` is REST's address: GitHub Enterprise Server's
    ends in `/api/v3`; `web_url` is where repositories are cloned from. Not for several threads at a time: GitHub asks for one
    request at a time.

    `paused` are the accounts that must not ask before a moment, by the `who` of an earlier GitHubRateLimited.
    """

    def __init__(
        self,
        *,
        token: str = "",
        tokens: Mapping[str, str] | None = None,
        app: AppCredentials | None = None,
        api_url: str = "https://api.github.com",
        web_url: str = "https://github.com",
        timeout_seconds: float = 15,
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._transport = Transport(timeout_seconds=timeout_seconds)
        self._git = GitRefs(web_url, timeout_seconds=timeout_seconds)
        self.has_app = app is not None
        installations = Installations(app, self._rest) if app else None
        self._access = Access(token=token, tokens=tokens or {}, installations=installations)

    def close(self) -> None:
        self._transport.close()
        self._git.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def heads(self, questions: Sequence[HeadQuestion], *, paused: Paused = NOBODY_PAUSED) -> Answers:
        """An answer or a problem for every query's key; raises no GitHubError.

        25 questions to a request, one request after another, each with its owner's token. What one request cannot answer is
        halved down to the question at fault; a rate limit, a refused token or an unreachable GitHub ends the sweep of that
        account, and the rest of it gets that trouble.
        """
        before = self._transport.requests + self._git.requests
        found: dict[Hashable, Head | HeadProblem] = {}
        for account, together in self._by_account(questions, found, paused).items():
            found |= self._ask(account, together, paused)
        limits = {
            each.who: each
            for each in map(_problem_in, found.values())
            if isinstance(each, GitHubRateLimited) and each.who not in paused
        }
        requests = self._transport.requests + self._git.requests - before
        return Answers(found, requests, self._budget() if requests else None, limits)

    def compare(
        self,
        owner: str,
        repository: str,
        *,
        base: str,
        head: str,
        paused: Paused = NOBODY_PAUSED,
    ) -> Comparison:
        """The commits that `head` has and `base` lacks, by full or short sha. Two full shas always compare alike: keep the answer.

        Raises GitHubError; GitHubNotFound also for commits that the repository does not know or that share no history.
        """
        account = self._access.account_for(owner, paused)
        raise_if_paused(account, "core", paused)
        path = f"/repos/{quote(owner, safe='')}/{quote(repository, safe='')}/compare/{quote(base, safe='')}...{quote(head, safe='')}"
        try:
            return read_comparison(
                lambda page: self._rest("GET", f"{path}?per_page={PAGE}&page={page}", account)
            )
        except GitHubRateLimited as error:
            raise named(error, account, "core") from error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise GitHubUnavailable(
                "GitHub's comparison lacks what it should have. This may need a newer Headway version."
            ) from error

    def files(
        self, owner: str, repository: str, *, sha: str, paused: Paused = NOBODY_PAUSED
    ) -> frozenset[str] | None:
        """The paths that a commit changed, against its first parent; None where there may be more than GitHub lists at once. One request.

        Raises GitHubError.
        """
        account = self._access.account_for(owner, paused)
        raise_if_paused(account, "core", paused)
        path = f"/repos/{quote(owner, safe='')}/{quote(repository, safe='')}/commits/{quote(sha, safe='')}"
        try:
            return read_files(self._rest("GET", path, account))
        except GitHubRateLimited as error:
            raise named(error, account, "core") from error
        except (AttributeError, TypeError) as error:
            raise GitHubUnavailable(
                "GitHub's commit lacks what it should have: this may need a newer Headway version."
            ) from error

    def attestation(
        self, owner: str, repository: str, *, digest: str, paused: Paused = NOBODY_PAUSED
    ) -> Attestation | None:
        """Which build GitHub lists for an image's digest; None where it lists none. One request; nothing is checked.

        Raises GitHubError.
        """
        account = self._access.account_for(owner, paused)
        raise_if_paused(account, "core", paused)
        path = f"/repos/{quote(owner, safe='')}/{quote(repository, safe='')}/attestations/{quote(digest, safe=':')}?{ATTESTATIONS}"
        try:
            return read_attestation(self._rest("GET", path, account), digest=digest)
        except GitHubNotFound:
            return None
        except GitHubRateLimited as error:
            raise named(error, account, "core") from error

    def grants(self) -> dict[str, Grant | GitHubError]:
        """What each token that was set may do, by the name of its setting, or why it is not accepted; raises nothing of GitHub's."""
        found: dict[str, Grant | GitHubError] = {}
        for each in self._access.given():
            if not isinstance(each, Account):
                name, found[name] = each
                continue
            try:
                found[each.name] = grant_in(self._rest("GET", "/", each).headers)
            except GitHubError as error:
                found[each.name] = error
        return found

    def installations_lack(self, owners: Iterable[str]) -> dict[str, tuple[str, ...] | GitHubError]:
        """What the App's installation for each owner may not read and should, or why that is not known; nothing without one."""
        found = {owner: self._access.installation_lacks(owner) for owner in owners}
        return {owner: lacks for owner, lacks in found.items() if lacks is not None}

    def _by_account(
        self, questions: Sequence[HeadQuestion], found: dict[Hashable, Head | HeadProblem], paused: Paused
    ) -> dict[Account, list[HeadQuestion]]:
        """The queries of each account; one without a usable account gets that problem in `found`."""
        grouped: dict[Account, list[HeadQuestion]] = defaultdict(list)
        known: dict[str, Account | GitHubError] = {}
        for question in questions:
            owner = question.owner.lower()
            if owner not in known:
                known[owner] = self._account_or_problem(owner, paused)
            account = known[owner]
            if isinstance(account, GitHubError):
                found[question.key] = HeadProblem(key=question.key, error=account)
            else:
                grouped[account].append(question)
        return grouped

    def _account_or_problem(self, owner: str, paused: Paused) -> Account | GitHubError:
        try:
            return self._access.account_for(owner, paused)
        except GitHubError as error:
            return error

    def _ask(
        self, account: Account, questions: Sequence[HeadQuestion], paused: Paused
    ) -> Mapping[Hashable, Head | HeadProblem]:
        try:
            raise_if_paused(account, "graphql", paused)
        except GitHubRateLimited as error:
            return {each.key: HeadProblem(key=each.key, error=error) for each in questions}
        if account == NOBODY:
            answers = self._git.heads(questions)
        else:
            sweep = Sweep(partial(self._post, account))
            sweep.run(questions)
            answers = sweep.answers
        for problem in map(_problem_in, answers.values()):
            if isinstance(problem, GitHubRateLimited):
                named(problem, account, "graphql")
            elif isinstance(problem, GitHubTokenRefused):
                self._access.forget()
        return answers

    def _post(self, account: Account, body: Mapping[str, Any]) -> Answer:
        try:
            return self._transport.send("POST", self._graphql_url, account=account, body=body)
        except GitHubNotFound as error:
            raise GitHubRefused(
                f"There is no GitHub API at {self._graphql_url}. Correct GITHUB_API_URL."
            ) from error

    def _rest(self, method: str, path: str, account: Account) -> Answer:
        return self._transport.send(method, f"{self._api_url}{path}", account=account)

    def _budget(self) -> Budget | None:
        """The one with the least left."""
        return min(self._transport.budgets.values(), key=lambda each: each.remaining, default=None)

    @property
    def _graphql_url(self) -> str:
        if self._api_url.endswith("/api/v3"):
            return f"{self._api_url.removesuffix('/v3')}/graphql"
        return f"{self._api_url}/graphql"


def _problem_in(answer: Head | HeadProblem) -> GitHubError | None:
    return answer.error if isinstance(answer, HeadProblem) else None
