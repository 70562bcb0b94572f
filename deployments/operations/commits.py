"""Fetch the lists of commits that would ship. Each pair of SHAs is asked for once, for ever."""

import logging
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q

from deployments.github import Commit, GitHub, GitHubError, GitHubNotFound, GitHubRateLimited
from deployments.models import CommitRange, Observation
from deployments.operations.github_pauses import ask_comparison

logger = logging.getLogger(__name__)


def fetch_commits(*, github: GitHub, now: datetime) -> int:
    """Ask GitHub for every range between a running commit and its head that is not known; return how many were.

    One at a time, as GitHub asks its clients to. A rate limit ends it: the next sync that finds ranges missing asks again.
    """
    fetched = 0
    for seen in _missing():
        site = seen.site
        try:
            found = ask_comparison(
                github, site.owner, site.repository, base=seen.running_sha, head=seen.head_sha, now=now
            )
        except GitHubRateLimited:
            logger.warning("GitHub's limit is reached: the other lists of commits have to wait")
            break
        except GitHubNotFound:
            total, commits, reverts = 0, [], {}
        except GitHubError as error:
            logger.warning("No list of commits for %s: %s", site.host, error)
            continue
        else:
            total, commits = found.total, [_as_json(each) for each in reversed(found.commits)]
            reverts = {sha: each.sha for each in found.commits for sha in each.reverts}
        CommitRange.objects.get_or_create(
            owner=site.owner,
            repository=site.repository,
            base=seen.running_sha,
            head=seen.head_sha,
            defaults={"total": total, "commits": commits, "reverts": reverts},
        )
        fetched += 1
    return fetched


def _missing() -> list[Observation]:
    known = CommitRange.objects.filter(
        owner=OuterRef("site__owner"),
        repository=OuterRef("site__repository"),
        base=OuterRef("running_sha"),
        head=OuterRef("head_sha"),
    )
    behind = Observation.objects.exclude(Q(running_sha="") | Q(head_sha="") | Q(running_sha=F("head_sha")))
    return list(behind.filter(~Exists(known)).select_related("site"))


def _as_json(commit: Commit) -> dict[str, str]:
    return {
        "sha": commit.sha,
        "headline": commit.headline,
        "author": commit.author,
        "committed_at": commit.committed_at.isoformat(),
        "url": commit.url,
    }
