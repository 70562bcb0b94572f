"""Judge every site by the same pure rules that its page shows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from deployments.facts import site_facts, stale_after
from deployments.models import Deploy, Observation, Site, Trigger
from deployments.queries import house
from deployments.rules.autodeploy import Go, Verdict, Wishes, decide
from deployments.rules.site_state import Answer, answer_for


@dataclass(frozen=True)
class Decision:
    """What was made of one site."""

    site: Site
    """With its new observation."""
    answer: Answer
    verdict: Verdict
    deploy: Deploy | None = None
    lacks_commits: bool = False

    @property
    def reason(self) -> str:
        return f"deploys {self.verdict.sha[:7]}" if isinstance(self.verdict, Go) else self.verdict.reason


def decide_all(sites: Sequence[Site], seen: Mapping[int, Observation], *, now: datetime) -> list[Decision]:
    """Return one decision per site, in the sites' order; each site carries its new observation afterwards."""
    around = house(now=now)
    too_old = stale_after(around.sync_interval)
    candidates = [
        site for site in sites if site.auto_deploy and seen[site.pk].head_sha != seen[site.pk].running_sha
    ]
    tried = _tried(candidates, seen)
    decisions = []
    for site in sites:
        lacks_commits = _lacks_commits(site, seen[site.pk])
        site.observation = seen[site.pk]
        facts = site_facts(site, holds=around.holds)
        wishes = Wishes(auto_deploy=site.auto_deploy, tried_shas=tried.get(site.pk, frozenset()))
        image = str(site.image_for(facts.head_sha)) if facts.head_sha and facts.expected_repository else ""
        verdict = decide(facts, wishes, image=image, now=now, stale_after=too_old)
        answer = answer_for(facts, now=now, stale_after=too_old)
        decisions.append(Decision(site, answer, verdict, lacks_commits=lacks_commits))
    return decisions


def _tried(candidates: Sequence[Site], seen: Mapping[int, Observation]) -> dict[int, frozenset[str]]:
    """Return the heads that the sync itself has already tried, by site: one automatic attempt per commit."""
    if not candidates:
        return {}
    heads = {seen[site.pk].head_sha for site in candidates}
    tried = Deploy.objects.filter(trigger=Trigger.SYNC, site__in=candidates, sha__in=heads)
    found: dict[int, set[str]] = defaultdict(set)
    for site_id, sha in tried.values_list("site_id", "sha"):
        found[site_id].add(sha)
    return {site_id: frozenset(shas) for site_id, shas in found.items()}


def _lacks_commits(site: Site, seen: Observation) -> bool:
    """Whether the list of commits between what runs and the head is still to be fetched."""
    pair = (seen.running_sha, seen.head_sha)
    if not all(pair) or pair[0] == pair[1]:
        return False
    before = (site.observation.running_sha, site.observation.head_sha)
    return not (site.has_commits and pair == before)  # type: ignore[attr-defined]  # annotated by _sites
