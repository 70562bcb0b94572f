"""From rows to the auto-deploy policy: shared by the sync and a site's page, so that both decide the same."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from deployments.facts import provenance_from_json, slugs_of
from deployments.models import CommitRange, Deploy, Observation, Site, Trigger
from deployments.rules.autodeploy import NOT_TRIED, Policy, Verdict, decide
from deployments.rules.site_facts import SiteFacts


def policies_of(sites: Sequence[Site], seen: Mapping[int, Observation]) -> dict[int, Policy]:
    """Return each site's settings by its key, `seen` being its newest observation.

    Runs two SQL queries where any site is behind and auto-deploys, else none.
    """
    candidates = [
        site for site in sites if site.auto_deploy and seen[site.pk].target_sha != seen[site.pk].running_sha
    ]
    tried = _tried(candidates, seen)
    reverted = _reverted(candidates, seen)
    return {
        site.pk: Policy(
            auto_deploy=site.auto_deploy,
            wait_for_ci=site.wait_for_ci,
            tried_shas=tried.get(site.pk, frozenset()),
            head_reverted_by=reverted.get(seen[site.pk].target_sha, ""),
            last_started_at=_last_started_at(seen[site.pk]),
            requires_provenance=site.requires_provenance,
            provenance=provenance_from_json(seen[site.pk].provenance),
            slugs=slugs_of(site),
            minimum_interval=timedelta(minutes=site.minimum_interval_minutes),
        )
        for site in sites
    }


def verdict_on(
    site: Site, facts: SiteFacts, policy: Policy, *, now: datetime, stale_after: timedelta
) -> Verdict:
    """Judge whether the site deploys its head, or what is built below it, automatically now."""
    sha = facts.target_sha
    image = str(site.image_for(sha)) if sha and facts.expected_repository else ""
    return decide(facts, policy, image=image, now=now, stale_after=stale_after)


def _last_started_at(seen: Observation) -> datetime | None:
    latest = seen.latest_deploy
    return (latest.patched_at or latest.requested_at) if latest else None


def _tried(candidates: Iterable[Site], seen: Mapping[int, Observation]) -> dict[int, frozenset[str]]:
    """Return the commits on offer that the sync itself has already tried, by site: one automatic attempt per commit."""
    heads = {seen[site.pk].target_sha for site in candidates}
    if not heads:
        return {}
    tried = Deploy.objects.filter(trigger=Trigger.SYNC, site__in=candidates, sha__in=heads)
    tried = tried.exclude(reason=NOT_TRIED)
    found: dict[int, set[str]] = defaultdict(set)
    for site_id, sha in tried.values_list("site_id", "sha"):
        found[site_id].add(sha)
    return {site_id: frozenset(shas) for site_id, shas in found.items()}


def _reverted(candidates: Iterable[Site], seen: Mapping[int, Observation]) -> dict[str, str]:
    """Return the commits on offer that a commit known to us takes back, each with that commit.

    Such a commit is newer than the head: GitHub's answers may lag behind its own, and a branch may be reset to before it.
    """
    heads = {seen[site.pk].target_sha for site in candidates} - {""}
    if not heads:
        return {}
    found: dict[str, str] = {}
    ranges = CommitRange.objects.filter(reverts__has_any_keys=sorted(heads))
    for reverts in ranges.values_list("reverts", flat=True):
        found |= reverts
    return found
