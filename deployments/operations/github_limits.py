"""GitHub's limits, kept in the database: the next request, in whatever process, waits as long as GitHub said.

Where GitHub does not say how long, the wait doubles with every limit in a row:
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from django.db.models import F
from django.db.models.functions import Greatest

from deployments.clients.github import Answers, Comparison, GitHub, GitHubRateLimited, HeadQuestion
from deployments.models import GitHubPause
from deployments.rules.provenance import Attestation
from deployments.rules.times import LONGEST_WAIT

T = TypeVar("T")
_FIRST_WAIT = timedelta(minutes=1)
_MOST_DOUBLINGS = 6


@dataclass(frozen=True)
class Pauses:
    """The pauses as they were read; those that are over say how often GitHub sent us away in a row."""

    rows: tuple[GitHubPause, ...] = field(default=())

    def standing(self, *, now: datetime) -> dict[str, datetime]:
        """Until when each account must not ask."""
        return {row.who: row.until for row in self.rows if row.until > now}


def read_pauses() -> Pauses:
    """Runs one SQL query."""
    return Pauses(tuple(GitHubPause.objects.all()))


def remember(limits: Mapping[str, GitHubRateLimited], before: Pauses, *, now: datetime) -> None:
    """Keep the limits just met, and forget the pauses that ended well. No statement when there is neither."""
    in_a_row = {row.who: row.in_a_row for row in before.rows}
    for who, limit in limits.items():
        times = in_a_row.get(who, 0)
        until = min(limit.resets_at, now + LONGEST_WAIT)
        if not limit.is_stated:
            until += _FIRST_WAIT * (2 ** min(times, _MOST_DOUBLINGS) - 1)
        pause, is_new = GitHubPause.objects.get_or_create(who=who, defaults={"until": until})
        if not is_new:
            GitHubPause.objects.filter(pk=pause.pk).update(
                until=Greatest(F("until"), until), in_a_row=F("in_a_row") + 1
            )
    over = [row.pk for row in before.rows if row.until <= now and row.who not in limits]
    if over:
        GitHubPause.objects.filter(pk__in=over, until__lte=now).delete()


def ask_heads(github: GitHub, questions: Sequence[HeadQuestion], *, now: datetime) -> Answers:
    """As GitHub.heads, with the pauses honoured and kept."""
    pauses = read_pauses()
    answers = github.heads(questions, paused=pauses.standing(now=now))
    remember(answers.limits, pauses, now=now)
    return answers


def ask_comparison(
    github: GitHub, owner: str, repository: str, *, base: str, head: str, now: datetime
) -> Comparison:
    """As GitHub.compare, with the pauses honoured and kept."""
    return _ask(partial(github.compare, owner, repository, base=base, head=head), now=now)


def ask_files(
    github: GitHub, owner: str, repository: str, *, sha: str, now: datetime
) -> frozenset[str] | None:
    """As GitHub.files, with the pauses honoured and kept."""
    return _ask(partial(github.files, owner, repository, sha=sha), now=now)


def ask_attestation(
    github: GitHub, owner: str, repository: str, *, digest: str, now: datetime
) -> Attestation | None:
    """As GitHub.attestation, with the pauses honoured and kept."""
    return _ask(partial(github.attestation, owner, repository, digest=digest), now=now)


def _ask(question: Callable[..., T], *, now: datetime) -> T:
    pauses = read_pauses()
    standing = pauses.standing(now=now)
    try:
        return question(paused=standing)
    except GitHubRateLimited as error:
        if error.who not in standing:
            remember({error.who: error}, pauses, now=now)
        raise
