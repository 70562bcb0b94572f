"""Histories as real repositories have them: merges, bots, long and odd messages."""

from datetime import UTC, datetime, timedelta
from random import Random

from demo.github.repository import Person, Repository

FRIEND = Person(name="Travis Welch", email="travis@example.com", login="trav3711")
RENOVATE = Person(name="renovate[bot]", email="29139614+renovate[bot]@users.noreply.github.com")
MESSAGES = (
    "Fix the feed's time zone",
    "Serve pictures as WebP",
    "Add a health check",
    "Remove an unused handler",
    "Log slow queries\n\nAnything above 200 ms, with its trace id.",
    "Cache the front page for a minute",
    "Upgrade to Go 1.25",
    "Correct a typo in the footer",
    "Show drafts to their author only",
    "Retry when the upstream closes the connection",
    "Rename the metrics so that they match their units",
    "Handle <script>alert('hello')</script> in titles as text",
    "✨ Nicer empty states 🎉",
    "תיקון יישור בעברית",
    (
        "Make the importer resumable: it now remembers the last row that it wrote, skips the ones before it, reports how many "
        "were skipped, and no longer holds the whole file in memory, which took the pod down twice last week when somebody "
        "uploaded the full archive instead of a month of it"
    ),
)
BOT_MESSAGES = (
    "Bump golang.org/x/net from 0.33.0 to 0.38.0",
    "chore(deps): update dependency react to v19",
    "Bump actions/checkout from 4 to 5",
)
FIRST_COMMITS = 12


def write_history(repository: Repository, *, seed: str, until: datetime | None = None) -> None:
    """Fill an empty repository with some commits, the newest a few hours before `until`; every seed has its own."""
    random = Random(seed)
    at = (until or datetime.now(UTC)) - timedelta(days=40)
    repository.commit("Initial commit", at=at)
    for number in range(FIRST_COMMITS):
        at += timedelta(hours=random.randint(20, 70))
        if number % 5 == 4:
            branch = f"feature-{number}"
            repository.create_branch(branch, repository.head)
            repository.commit(random.choice(MESSAGES), author=FRIEND, branch=branch, at=at)
            repository.merge(branch, f"Merge pull request #{number} from {repository.owner}/{branch}", at=at)
        else:
            add_commit(repository, random, at=at)
    repository.set_checks(repository.head, "SUCCESS")


def add_commit(repository: Repository, random: Random, *, at: datetime | None = None) -> str:
    """Commit something that a person or a bot might; return its SHA."""
    author = random.choice((None, None, FRIEND, RENOVATE))
    messages = BOT_MESSAGES if author is RENOVATE else MESSAGES
    return repository.commit(random.choice(messages), author=author, at=at)
