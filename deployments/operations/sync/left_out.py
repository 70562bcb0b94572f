"""Monorepos: which commits between what runs and the head touch none of a site's paths. Each commit is queried once, forever.

Sites without paths cost only one SQL query here, in the task that fetches lists of commits.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, Q

from deployments.clients.github import GitHub, GitHubError, GitHubRateLimited
from deployments.models import CommitFiles, CommitRange, Observation
from deployments.operations.github_limits import ask_files
from deployments.rules.paths import key_of, parse_paths, touches

logger = logging.getLogger(__name__)
AT_MOST = 50
"""Commits of one range that are queried, the newest first; all others count as the site's."""


def count_left_out(*, github: GitHub, now: datetime) -> list[str]:
    """Write down for each site with paths which commits are not its own, where that is not known; return the names of these sites."""
    counted: list[str] = []
    for seen in _uncounted():
        try:
            if _count(seen, github, now=now):
                counted.append(seen.site.name)
        except GitHubRateLimited:
            logger.warning("GitHub's limit is reached: changed paths are read later")
            break
        except GitHubError as error:
            logger.warning("The paths changed by commits of %s are unknown: %s", seen.site.name, error)
    return counted


def is_counted(seen: Observation, paths: str) -> bool:
    """Whether what is left out is known for the observed pair, or need not be."""
    if not paths or not seen.running_sha or not seen.head_sha or seen.running_sha == seen.head_sha:
        return True
    return (seen.left_out or {}).get("of") == _key(seen, paths)


def _uncounted() -> list[Observation]:
    behind = Observation.objects.exclude(Q(running_sha="") | Q(head_sha="") | Q(running_sha=F("head_sha")))
    rows = behind.exclude(site__paths="").select_related("site")
    return [seen for seen in rows if not is_counted(seen, seen.site.paths)]


def _count(seen: Observation, github: GitHub, *, now: datetime) -> bool:
    """False where the list of commits is still to come. Raises GitHubError."""
    site = seen.site
    between = {"owner": site.owner, "repository": site.repository}
    found = CommitRange.objects.filter(**between, base=seen.running_sha, head=seen.head_sha).first()
    if found is None:
        return False
    shas = [each["sha"] for each in found.commits][:AT_MOST]
    known = _known(seen, shas)
    for sha in shas:
        if sha not in known:
            changed = ask_files(github, site.owner, site.repository, sha=sha, now=now)
            known[sha] = None if changed is None else sorted(changed)
            CommitFiles.objects.get_or_create(**between, sha=sha, defaults={"files": known[sha]})
    patterns = parse_paths(site.paths)
    left_out = [sha for sha in shas if (files := known[sha]) is not None and not touches(files, patterns)]
    still = Observation.objects.filter(pk=seen.pk, running_sha=seen.running_sha, head_sha=seen.head_sha)
    line = () if site.is_by_release else found.mainline
    newest = next((each["sha"] for each in line if each["sha"] not in left_out), "")
    counted = {"of": _key(seen, site.paths), "shas": left_out, "newest": newest}
    return bool(still.update(left_out=counted))


def _known(seen: Observation, shas: Sequence[str]) -> dict[str, list[str] | None]:
    rows = CommitFiles.objects.filter(
        owner=seen.site.owner, repository=seen.site.repository, sha__in=list(shas)
    )
    return dict(rows.values_list("sha", "files"))


def _key(seen: Observation, paths: str) -> str:
    return key_of(running=seen.running_sha, head=seen.head_sha, paths=paths)
