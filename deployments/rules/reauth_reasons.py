"""What is risky enough to require a recent login."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from deployments.rules.wording import short


@dataclass(frozen=True, kw_only=True)
class Authentication:
    """When a person last authenticated in this session, and for how long that counts."""

    at: datetime | None = None
    counts_for: timedelta = timedelta(0)

    def is_recent(self, *, now: datetime) -> bool:
        return self.at is not None and timedelta(0) <= now - self.at < self.counts_for


NEVER = Authentication()


@dataclass(frozen=True, kw_only=True)
class Change:
    """What would be deployed."""

    sha: str
    nearby: frozenset[str] = field(default_factory=frozenset)
    """The head, what runs, what was tried last, and what ran before that: one's daily bread."""
    is_red: bool = False
    """CI is known to have failed on it."""
    accepts_red: bool = False
    """It ships even if CI fails."""
    replaced_image: str = ""
    """Another app's image that it would replace."""
    passed_hold: str = ""
    """What a Hold says that stops newer commits, and not this."""


def reauth_reasons(change: Change) -> tuple[str, ...]:
    """Return a sentence for each risk; none for what is done every day."""
    return tuple(_reasons(change))


def _reasons(change: Change) -> Iterator[str]:
    if change.replaced_image:
        yield f"{change.replaced_image} belongs to another app and would be replaced."
    if change.passed_hold:
        yield change.passed_hold
    if change.is_red:
        yield f"CI failed on {short(change.sha)}."
    elif change.accepts_red:
        yield f"{short(change.sha)} would be deployed even if CI fails."
    if change.sha not in change.nearby:
        yield f"{short(change.sha)} is neither the newest commit nor the one that ran before."
