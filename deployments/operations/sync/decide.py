"""Judge every site by the same pure rules that its page uses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from deployments.autodeploy_policy import policies_of, verdict_on
from deployments.facts import site_facts, stale_after
from deployments.models import Deploy, Observation, Site
from deployments.operations.sync.left_out import is_counted
from deployments.operations.sync.provenance import is_required
from deployments.queries import system_status
from deployments.rules.autodeploy import Go, Verdict
from deployments.rules.site_state import Answer, answer_for
from deployments.rules.wording import short


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
        return f"deploys {short(self.verdict.sha)}" if isinstance(self.verdict, Go) else self.verdict.reason

    @property
    def problem(self) -> str:
        """What kept the site from being checked; empty where nothing did."""
        seen = self.site.observation
        return seen.cluster_problem or seen.github_problem or seen.registry_problem


def decide_all(sites: Sequence[Site], seen: Mapping[int, Observation], *, now: datetime) -> list[Decision]:
    """Return one decision per site, in the sites' order; each site carries its new observation afterwards."""
    status = system_status(now=now)
    too_old = stale_after(status.sync_interval)
    policies = policies_of(sites, seen)
    decisions = []
    for site in sites:
        lacks_commits = _lacks_commits(site, seen[site.pk], now=now)
        site.observation = seen[site.pk]
        facts = site_facts(site, holds=status.holds)
        verdict = verdict_on(site, facts, policies[site.pk], now=now, stale_after=too_old)
        answer = answer_for(facts, now=now, stale_after=too_old)
        decisions.append(Decision(site, answer, verdict, lacks_commits=lacks_commits))
    return decisions


def _lacks_commits(site: Site, seen: Observation, *, now: datetime) -> bool:
    """Whether the list of commits between what runs and the head is still to be fetched, which of them are the site's, or what GitHub lists for an image that must have an attestation."""
    if not is_counted(seen, site.paths) or is_required(site, seen, now=now):
        return True
    pair = (seen.running_sha, seen.head_sha)
    if not all(pair) or pair[0] == pair[1]:
        return False
    before = (site.observation.running_sha, site.observation.head_sha)
    return not (site.has_commits and pair == before)  # type: ignore[attr-defined]  # annotated by _sites
