"""Ask for many heads, batch by batch; where a batch fails as a whole, halve it down to the one at fault."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from deployments.github.errors import (
    GitHubError,
    GitHubNotFound,
    GitHubRateLimited,
    GitHubRefused,
    GitHubUnavailable,
)
from deployments.github.heads import Head, HeadQuestion, HeadTrouble, build_query, read_head
from deployments.github.transport import Transport

BATCH = 25


@dataclass(frozen=True)
class Budget:
    """What GitHub still lets this token ask until `resets_at`, in points."""

    limit: int
    remaining: int
    resets_at: datetime


@dataclass
class Answers:
    """One head or trouble for every key that was asked."""

    heads: dict[Hashable, Head | HeadTrouble] = field(default_factory=dict)
    requests: int = 0
    budget: Budget | None = None


def sweep(transport: Transport, questions: Sequence[HeadQuestion]) -> Answers:
    """Ask one batch after the other, as GitHub asks its clients to. Equal questions are asked once."""
    answers = Answers()
    by_question: dict[HeadQuestion, list[Hashable]] = {}
    for question in questions:
        by_question.setdefault(replace(question, key=None), []).append(question.key)
    unique = [replace(question, key=number) for number, question in enumerate(by_question)]
    found = _Sweep(transport, answers).run(unique)
    for number, keys in enumerate(by_question.values()):
        for key in keys:
            answers.heads[key] = replace(found[number], key=key)
    return answers


class _Sweep:
    def __init__(self, transport: Transport, answers: Answers) -> None:
        self._transport = transport
        self._answers = answers
        self._found: dict[Hashable, Head | HeadTrouble] = {}
        self._stopped_by: GitHubError | None = None

    def run(self, questions: Sequence[HeadQuestion]) -> dict[Hashable, Head | HeadTrouble]:
        for start in range(0, len(questions), BATCH):
            self._ask(questions[start : start + BATCH])
        return self._found

    def _ask(self, batch: Sequence[HeadQuestion]) -> None:
        if self._stopped_by is not None:
            self._all_troubled(batch, self._stopped_by)
            return
        try:
            self._read(batch, self._request(batch))
        except (GitHubRateLimited, GitHubRefused) as error:
            # The next batch would be answered the same, and GitHub counts every try.
            self._stopped_by = error
            self._all_troubled(batch, error)
        except GitHubError as error:
            if len(batch) == 1 or _is_unreachable(error):
                self._all_troubled(batch, error)
                self._stopped_by = error if _is_unreachable(error) else None
                return
            middle = len(batch) // 2
            self._ask(batch[:middle])
            self._ask(batch[middle:])

    def _request(self, batch: Sequence[HeadQuestion]) -> dict[str, Any]:
        self._answers.requests += 1
        return self._transport.graphql(*build_query(batch))

    def _read(self, batch: Sequence[HeadQuestion], answer: dict[str, Any]) -> None:
        data = answer.get("data") or {}
        errors = answer.get("errors") or []
        if limit := data.get("rateLimit"):
            resets_at = datetime.fromisoformat(limit["resetAt"])
            self._answers.budget = Budget(limit["limit"], limit["remaining"], resets_at)
        for error in errors:
            if not error.get("path"):
                raise _batch_error(error, self._answers.budget)
        by_alias = {error["path"][0]: error for error in errors if len(error["path"]) == 1}
        for number, question in enumerate(batch):
            alias = f"r{number}"
            repository = data.get(alias)
            if repository is None:
                error = _site_error(question, by_alias.get(alias) or {})
                self._found[question.key] = HeadTrouble(key=question.key, error=error)
            else:
                self._found[question.key] = read_head(question, repository)

    def _all_troubled(self, batch: Sequence[HeadQuestion], error: GitHubError) -> None:
        self._found |= {question.key: HeadTrouble(key=question.key, error=error) for question in batch}


def _is_unreachable(error: GitHubError) -> bool:
    return isinstance(error, GitHubUnavailable) and error.is_network


def _batch_error(error: dict[str, Any], budget: Budget | None) -> GitHubError:
    message = str(error.get("message", ""))[:200]
    if error.get("type") == "RATE_LIMITED":
        return GitHubRateLimited(budget.resets_at if budget else None)
    return GitHubUnavailable(f"GitHub could not answer: {message}")


def _site_error(question: HeadQuestion, error: dict[str, Any]) -> GitHubError:
    slug = f"{question.owner}/{question.repository}"
    message = str(error.get("message", "")).rstrip(".")[:200]
    if (error.get("extensions") or {}).get("saml_failure"):
        return GitHubRefused(
            f"{question.owner} demands single sign-on: authorise the token for it on GitHub."
        )
    match error.get("type"):
        case "NOT_FOUND":
            return GitHubNotFound(
                f"GitHub knows no repository {slug}, or the token may not see it: correct the mapping, or grant the token access."
            )
        case "FORBIDDEN":
            return GitHubRefused(f"GitHub refuses {slug}: {message}. Grant the token what it asks for.")
        case _:
            return GitHubUnavailable(
                f"GitHub did not answer for {slug}: {message or 'no reason given'}. Try again later."
            )
