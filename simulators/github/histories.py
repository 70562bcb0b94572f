"""Histories as found in the wild: merges, bots, and messages that no page expects."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from simulators.github.graph import Person
from simulators.github.repository import DEPENDABOT, ICCO, Repository

RENOVATE = Person(name="renovate[bot]", email="29139614+renovate[bot]@users.noreply.github.com")
STRANGER = Person(name="שרה כהן", email="sara@example.org")

MESSAGES = (
    "Fix the build",
    "Bump golang.org/x/net from 0.33.0 to 0.38.0\n\nSigned-off-by: dependabot[bot] <support@github.com>",
    "✨ Add dark mode 🌙 for the stats page 👩‍👩‍👧‍👦",
    "תיקון כיוון הטקסט בדף הראשי",
    "<script>alert('commit')</script> Escape what people write",
    "Describe in one very long line what a person would have split over many: " + "and then some more, " * 12,
    "lint",
    'Revert "Make it faster"\n\nThis reverts commit 3f9c2a1.',
    'Use `{{ template }}` & "quotes" in <b>titles</b>',
    "Merge the two ways of reading sites into one",
    "\u202eoverride of direction\u202c in a message",
    "chore(deps): update dependency eslint to v9",
)


def add_commit(repository: Repository, chance: random.Random, *, at: datetime | None = None) -> str:
    """The sha of something that a person or a bot might have committed to the default branch."""
    author = chance.choice((ICCO, ICCO, DEPENDABOT, RENOVATE, STRANGER))
    return repository.commit(chance.choice(MESSAGES), author=author, at=at)


def written_history(commits: int, *, until: datetime, seed: int = 0) -> Callable[[Repository], None]:
    """Fills a repository with that many commits, about a day apart, the last one `until`; every seventh merges a side branch."""

    def write(repository: Repository) -> None:
        chance = random.Random(f"{seed}/{repository.id}")
        moments = [until - timedelta(hours=20 * step) for step in range(commits)][::-1]
        for number, at in enumerate(moments):
            if number % 7 == 6 and number + 1 < commits:
                base = repository.head
                repository.commit("Start on the side", author=ICCO, parents=(base,), branch="side", at=at)
            elif number % 7 == 0 and "side" in repository.branches:
                repository.merge("side", f"Merge pull request #{number} from icco/side", at=at)
                repository.delete_branch("side")
            else:
                add_commit(repository, chance, at=at)
        repository.set_checks(repository.head, chance.choice(("SUCCESS", "SUCCESS", "SUCCESS", None)))

    return write
