"""Between two syncs: which sites have something new, which are watched for it, and how often to check."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from deployments.rules.site_facts import CheckState

WATCH_EVERY = timedelta(seconds=20)
WATCHED_FOR = timedelta(hours=2)
READ_AGAIN_AFTER = timedelta(minutes=15)
"""A registry may fail for a while, and a person may push what was missing."""
_SHARE = 20
"""All heads may take a twentieth of GitHub's budget, and those that are watched another: together a tenth."""
_HOUR = timedelta(hours=1)
USUAL_BUDGET = 5000
"""Requests an hour, where GitHub does not say: https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api."""
_LONGEST = timedelta(days=1)


@dataclass(frozen=True)
class Known:
    """What the last sync saw of a site."""

    head_sha: str
    running_sha: str
    check_state: str
    is_built: bool


@dataclass(frozen=True)
class Watch:
    sha: str
    since: datetime

    def is_over(self, *, now: datetime) -> bool:
        return now - self.since >= WATCHED_FOR


@dataclass(frozen=True)
class Unread:
    """A moving tag's build that no sync had read when one was queued for it: an index without its images cannot be."""

    digest: str
    since: datetime

    def is_of(self, digest: str, *, now: datetime) -> bool:
        """Whether a sync for this very build was queued a moment ago."""
        return self.digest == digest and now - self.since < READ_AGAIN_AFTER


def is_new(known: Known, *, sha: str, check_state: str) -> bool:
    """Whether a sync would find another head, or another answer of its CI, which matters until it runs."""
    if sha != known.head_sha:
        return True
    return sha != known.running_sha and check_state != known.check_state


def must_ask_for_image(known: Known, *, sha: str) -> bool:
    """Whether the known head's image is not known to be built; that of a new head is asked by the sync that it begins."""
    return bool(sha) and sha == known.head_sha and sha != known.running_sha and not known.is_built


def is_under_way(known: Known, *, sha: str, check_state: str, is_built: bool) -> bool:
    """Whether something is to come of this head: it is new, is being built, or CI has not ended."""
    if sha == known.running_sha:
        return False
    return sha != known.head_sha or not is_built or check_state == CheckState.PENDING


def watches(before: Mapping[int, Watch], under_way: Mapping[int, str], *, now: datetime) -> dict[int, Watch]:
    """Those that have something pending, by the site's key: since when, for the head that each has now."""
    return {
        key: before[key] if key in before and before[key].sha == sha else Watch(sha, now)
        for key, sha in under_way.items()
    }


def pause_for(requests: int, limit: int | None, *, least: timedelta) -> timedelta:
    """How long to wait between two checks that take so many requests each, of GitHub's `limit` an hour."""
    share = max((limit or USUAL_BUDGET) / _SHARE, 1)
    return min(max(least, _HOUR * requests / share), _LONGEST)
