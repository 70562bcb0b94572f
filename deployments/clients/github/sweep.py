"""Querying many heads: in sequential batches; a failing one is bisected down to the query at fault."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from deployments.clients.github.answer import Answer, Budget
from deployments.clients.github.errors import (
    GitHubError,
    GitHubOverloaded,
    GitHubRateLimited,
    GitHubUnavailable,
)
from deployments.clients.github.head_query import build_query
from deployments.clients.github.heads import Head, HeadProblem, HeadQuestion, read_head
from deployments.clients.github.problems import batch_error, errors_by_alias, errors_in, may_pass_when_smaller

BATCH = 25
_FAILURES_IN_A_ROW = 9
"""One question at fault fails at most six requests on the way down from 25, two side by side eight: more is GitHub itself."""


@dataclass(frozen=True)
class Answers:
    """One answer for each question's key, the HTTP requests that it took, and the budget after the last of them.

    `budget` is None when GitHub did not say, like GitHub Enterprise Server without limits.
    """

    heads: Mapping[Hashable, Head | HeadProblem]
    requests: int
    budget: Budget | None
    limits: Mapping[str, GitHubRateLimited] = field(default_factory=dict)
    """Which accounts GitHub sent away just now, by what has to rest."""


class Sweep:
    """One pass over all questions; `answers` grows as GitHub answers. `post` sends one query's body."""

    def __init__(self, post: Callable[[Mapping[str, Any]], Answer]) -> None:
        self._post = post
        self._sharing: dict[Hashable, list[Hashable]] = {}
        self._failures_in_a_row = 0
        self._stopped_by: GitHubError | None = None
        self.answers: dict[Hashable, Head | HeadProblem] = {}

    def run(self, questions: Sequence[HeadQuestion]) -> None:
        """Answers every question; one that several keys share is sent once, with the `others` of all of them."""
        wanted: dict[Hashable, HeadQuestion] = {}
        for question in questions:
            same = _identity(question)
            known = wanted.get(same, question)
            others = tuple(dict.fromkeys((*known.others, *question.others)))
            wanted[same] = replace(known, key=same, others=others)
            self._sharing.setdefault(same, []).append(question.key)
        each_once = list(wanted.values())
        for start in range(0, len(each_once), BATCH):
            self._ask(each_once[start : start + BATCH])

    def _ask(self, batch: Sequence[HeadQuestion]) -> None:
        if self._stopped_by is not None:
            self._give_up(batch, self._stopped_by)
            return
        try:
            self._read(batch, self._post(build_query(batch)))
        except GitHubOverloaded as error:
            self._failures_in_a_row += 1
            if self._failures_in_a_row >= _FAILURES_IN_A_ROW:
                self._stopped_by = error
            self._halve(batch, error)
        except GitHubError as error:
            self._stopped_by = error
            self._give_up(batch, error)

    def _halve(self, batch: Sequence[HeadQuestion], error: GitHubError) -> None:
        if len(batch) == 1:
            self._give_up(batch, error)
            return
        self._ask_by_halves(batch)

    def _ask_by_halves(self, batch: Sequence[HeadQuestion]) -> None:
        middle = (len(batch) + 1) // 2
        for half in (batch[:middle], batch[middle:]):
            if half:
                self._ask(half)

    def _give_up(self, batch: Sequence[HeadQuestion], error: GitHubError) -> None:
        for question in batch:
            self._answer(question, HeadProblem(key=question.key, error=error))

    def _answer(self, question: HeadQuestion, answer: Head | HeadProblem) -> None:
        for key in self._sharing[question.key]:
            self.answers[key] = replace(answer, key=key)

    def _read(self, batch: Sequence[HeadQuestion], answer: Answer) -> None:
        if answer.is_cut:
            raise GitHubOverloaded("GitHub's answer is larger than Headway reads. Try again in a minute.")
        body = answer.json()
        errors = errors_in(body)
        by_alias = errors_by_alias(errors)
        data = body.get("data")
        if by_alias is None or not isinstance(data, dict):
            raise batch_error(errors, answer)
        too_much = [
            question
            for number, question in enumerate(batch)
            if any(map(may_pass_when_smaller, by_alias.get(number, [])))
        ]
        if len(too_much) < len(batch):
            self._failures_in_a_row = 0
        elif len(batch) > 1:
            raise batch_error(errors, answer)
        smaller = too_much if len(batch) > 1 else []
        for number, question in enumerate(batch):
            if question not in smaller:
                self._answer(question, _one(question, data.get(f"r{number}"), by_alias.get(number, [])))
        self._ask_by_halves(smaller)


def _identity(question: HeadQuestion) -> Hashable:
    """Equal for questions that have the same answer, whatever `others` they ask about; GitHub's names are the same in any case, branches are not."""
    return (
        question.owner.lower(),
        question.repository.lower(),
        question.branch,
        question.tag,
        question.versions,
        question.running,
        question.desired,
        question.built,
    )


def _one(
    question: HeadQuestion, node: Mapping[str, Any] | None, errors: Sequence[Mapping[str, Any]]
) -> Head | HeadProblem:
    try:
        return read_head(question, node, errors)
    except GitHubError as error:
        return HeadProblem(key=question.key, error=error)
    except (KeyError, TypeError, ValueError, AttributeError):
        problem = GitHubUnavailable(
            "GitHub's answer lacks what it should have. This may need a newer Headway version."
        )
        return HeadProblem(key=question.key, error=problem)
