"""GitHub as Headway needs it: the heads of many branches, and the commits between two."""

from collections.abc import Mapping, Sequence
from typing import Any, Self
from urllib.parse import quote

from deployments.github.answer import Answer
from deployments.github.compare import PAGE, READ_BYTES, Comparison, read_comparison
from deployments.github.errors import GitHubUnavailable
from deployments.github.heads import HeadQuestion
from deployments.github.sweep import Answers, Sweep
from deployments.github.transport import Transport

_READ_BYTES = 8 * 1024 * 1024


class GitHub:
    """A client for one token. `api_url` is REST's address: GitHub Enterprise Server's ends in `/api/v3`.

    Raises GitHubRefused when the token cannot be one. Not for several threads at a time: GitHub asks for one request at a time.
    """

    def __init__(
        self, *, token: str, api_url: str = "https://api.github.com", timeout_seconds: float = 15
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._transport = Transport(token=token, timeout_seconds=timeout_seconds)

    def close(self) -> None:
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def heads(self, questions: Sequence[HeadQuestion]) -> Answers:
        """An answer or a trouble for every question's key; raises nothing of GitHub's.

        25 questions to a request, one request after another. What one request cannot answer is halved down to the question at
        fault; a rate limit, a refused token or an unreachable GitHub ends the sweep, and the rest gets that trouble.
        """
        before = self._transport.requests
        sweep = Sweep(self._post)
        sweep.run(questions)
        return Answers(sweep.answers, self._transport.requests - before, self._transport.budget)

    def compare(self, owner: str, repository: str, *, base: str, head: str) -> Comparison:
        """The commits that `head` has and `base` lacks, by full or short sha. Two full shas always compare alike: keep the answer.

        Raises GitHubError; GitHubNotFound also for commits that the repository does not know or that share no history.
        """
        path = f"/repos/{quote(owner, safe='')}/{quote(repository, safe='')}/compare/{quote(base, safe='')}...{quote(head, safe='')}"

        def get_page(number: int) -> Answer:
            url = f"{self._api_url}{path}?per_page={PAGE}&page={number}"
            return self._transport.send("GET", url, read_bytes=READ_BYTES)

        try:
            return read_comparison(get_page)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise GitHubUnavailable(
                "GitHub's comparison lacks what it should have: look for a newer Headway."
            ) from error

    def _post(self, body: Mapping[str, Any]) -> Answer:
        return self._transport.send("POST", self._graphql_url, body=body, read_bytes=_READ_BYTES)

    @property
    def _graphql_url(self) -> str:
        if self._api_url.endswith("/api/v3"):
            return f"{self._api_url.removesuffix('/v3')}/graphql"
        return f"{self._api_url}/graphql"
