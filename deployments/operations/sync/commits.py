"""Fetch the lists of commits to deploy. Each pair of SHAs is queried once, forever."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from django.db.models import Exists, F, OuterRef, Q

from deployments.clients.github import (
    Commit,
    Comparison,
    GitHub,
    GitHubError,
    GitHubNotFound,
    GitHubRateLimited,
    GitHubUnavailable,
)
from deployments.locks import Lock, try_lock
from deployments.models import CommitRange, Observation
from deployments.operations.github_limits import ask_comparison
from deployments.operations.sync.left_out import count_left_out
from deployments.queue import enqueue
from deployments.rules.commit_graph import mainline

logger = logging.getLogger(__name__)
SILENT_IN_A_ROW = 3
AGAIN_AFTER_SECONDS = 20
COMPARABLE_WITHIN = timedelta(minutes=5)
"""Of being the head, in GitHub's REST API too, which may lag: a range that is not found later never will be, since a force-push removed a commit."""
_Pair: TypeAlias = tuple[int, str, str]


def fetch_commits(*, github: GitHub, now: datetime) -> int:
    """Ask GitHub for every range between a running commit and its head that is not known; return how many were.

    One at a time, as GitHub asks its clients to, and by one process: the second leaves its own to the first, which checks
    again afterwards. A rate limit ends it, and a GitHub that says nothing: the next sync that finds ranges missing asks again.
    """
    fetched, asked, unbuilt, late = 0, set[_Pair](), list[str](), list[str]()
    while missing := [seen for seen in _missing() if _pair(seen) not in asked]:
        with try_lock(Lock.COMMITS) as alone:
            if not alone:
                break
            asked |= {_pair(seen) for seen in missing}
            more, may_ask = _fetch(missing, github, unbuilt, late, now=now)
        fetched += more
        if not may_ask:
            break
    if late:
        enqueue.fetch_commits(after_seconds=AGAIN_AFTER_SECONDS)
    unbuilt += _left_out(github, now=now)
    if unbuilt:
        enqueue.sync(names=sorted(set(unbuilt)), trigger="commits")
    return fetched


def _left_out(github: GitHub, *, now: datetime) -> list[str]:
    """The sites of which it has become known which commits touch none of their paths."""
    with try_lock(Lock.COMMITS) as alone:
        return count_left_out(github=github, now=now) if alone else []


def _fetch(
    missing: Sequence[Observation], github: GitHub, unbuilt: list[str], late: list[str], *, now: datetime
) -> tuple[int, bool]:
    """Return how many of these ranges are known now, and whether GitHub may be queried further.

    `unbuilt` is filled with the sites whose newest commit has no image, `late` with those whose newest commit cannot be compared yet.
    """
    fetched = silent = 0
    for seen in missing:
        try:
            _keep(seen, _ask(seen, github, now=now))
        except GitHubRateLimited:
            logger.warning("GitHub's limit is reached: the other lists of commits are read later")
            return fetched, False
        except GitHubError as error:
            logger.warning("No list of commits for %s: %s", seen.site.name, error)
            silent = silent + 1 if isinstance(error, GitHubUnavailable) else 0
            late += [seen.site.name] if isinstance(error, GitHubNotFound) else []
            if silent == SILENT_IN_A_ROW:
                return fetched, False
        else:
            fetched, silent = fetched + 1, 0
            if seen.head_image_built is False:
                # What may be built below it is known now.
                unbuilt.append(seen.site.name)
    return fetched, True


def _ask(seen: Observation, github: GitHub, *, now: datetime) -> Comparison:
    site = seen.site
    try:
        return ask_comparison(
            github, site.owner, site.repository, base=seen.running_sha, head=seen.head_sha, now=now
        )
    except GitHubNotFound:
        if seen.head_seen_at and now - seen.head_seen_at < COMPARABLE_WITHIN:
            raise
        return Comparison(total=0, commits=(), status="")


def _keep(seen: Observation, found: Comparison) -> None:
    CommitRange.objects.get_or_create(
        owner=seen.site.owner,
        repository=seen.site.repository,
        base=seen.running_sha,
        head=seen.head_sha,
        defaults={
            "total": found.total,
            "base_headline": found.base_headline,
            "commits": [_as_json(each) for each in reversed(found.commits)],
            "mainline": _mainline(seen, found),
            "reverts": {sha: each.sha for each in found.commits for sha in each.reverts},
        },
    )


def _mainline(seen: Observation, found: Comparison) -> list[dict[str, str]]:
    headlines = {each.sha: each.headline for each in found.commits}
    parents = {each.sha: each.parents for each in found.commits}
    line = mainline(parents, base=seen.running_sha, head=seen.head_sha)
    return [{"sha": sha, "headline": headlines[sha]} for sha in line]


def _pair(seen: Observation) -> _Pair:
    return seen.pk, seen.running_sha, seen.head_sha


def _missing() -> list[Observation]:
    known = CommitRange.objects.filter(
        owner=OuterRef("site__owner"),
        repository=OuterRef("site__repository"),
        base=OuterRef("running_sha"),
        head=OuterRef("head_sha"),
    )
    behind = Observation.objects.exclude(Q(running_sha="") | Q(head_sha="") | Q(running_sha=F("head_sha")))
    # In any order, so that the same few which GitHub cannot compare are not always in front.
    return list(behind.filter(~Exists(known)).select_related("site").order_by("?"))


def _as_json(commit: Commit) -> dict[str, Any]:
    return {
        "sha": commit.sha,
        "headline": commit.headline,
        "author": commit.author,
        "committed_at": commit.committed_at.isoformat() if commit.committed_at else None,
        "url": commit.url,
        "parents": list(commit.parents),
    }
