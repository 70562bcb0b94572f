"""A site as a row, and with its page. The list of all is in site_list.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from deployments.autodeploy_policy import policies_of, verdict_on
from deployments.facts import StandingHold, pods_from_json, site_facts, stale_after
from deployments.models import Deploy, Hold, Observation, Site
from deployments.models.site import SiteQuerySet
from deployments.queries.choices import Choice, choices_for
from deployments.queries.commits import Commit, commits_between
from deployments.queries.past import past_of
from deployments.queries.pods import PodsShown, pod_check_of
from deployments.queries.system_status import SystemStatus, system_status
from deployments.rules.autodeploy import Verdict
from deployments.rules.notes import notes_on
from deployments.rules.outages import PodState
from deployments.rules.past import Past
from deployments.rules.site_state import Answer, CheckState, State, answer_for
from deployments.rules.targets import format_references
from deployments.rules.wording import sentences

HISTORY_LENGTH = 20


@dataclass(frozen=True)
class SiteRow:
    """One site, one answer."""

    site: Site
    seen: Observation
    """What was last observed; empty where nothing was yet."""
    answer: Answer
    head: Commit | None
    latest_deploy: Deploy | None

    @property
    def key(self) -> int:
        return self.site.pk

    @property
    def name(self) -> str:
        return self.site.name

    @property
    def slug(self) -> str:
        return f"{self.site.owner}/{self.site.repository}"

    @property
    def running_sha(self) -> str:
        return self.seen.running_sha

    @property
    def running_version(self) -> str:
        return self.seen.running_version if self.site.is_by_release else ""

    @property
    def head_version(self) -> str:
        return self.seen.head_version if self.site.is_by_release else ""

    @property
    def left_out(self) -> tuple[str, ...]:
        """Commits between what runs and the head that touch none of the site's paths."""
        return self.seen.left_out_of(self.site.paths) or ()

    @property
    def target(self) -> Commit | None:
        """What a Deploy of the newest would run: the head, or the newest built commit below it."""
        return Commit(self.seen.ready_below, self.seen.built_headline) if self.seen.ready_below else self.head

    @property
    def target_check_state(self) -> CheckState:
        return CheckState(self.seen.built_check_state if self.seen.ready_below else self.seen.check_state)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is odd about the site without being in the way."""
        return notes_on(
            slug=self.slug,
            name_with_owner=self.seen.name_with_owner,
            is_archived=self.seen.is_archived,
            managed_by=self.seen.managed_by,
        )

    @property
    def problems(self) -> tuple[str, ...]:
        """Problems of the last sync that the answer does not show: the last known state is still valid for a while."""
        seen = (self.seen.github_problem, self.seen.registry_problem, self.seen.cluster_problem)
        return tuple(sentences(each) for each in seen if each and each.rstrip(".") not in self.answer.message)

    @property
    def was_checked(self) -> bool:
        """Whether a sync has checked it, successfully or not; else nothing is known, and it counts as no state."""
        seen = self.seen
        answers = (
            seen.github_observed_at,
            seen.cluster_observed_at,
            seen.github_problem,
            seen.cluster_problem,
        )
        return any(answers) or self.answer.state is State.DEPLOYING

    @property
    def is_starred(self) -> bool:
        """Whether the viewer has starred it; False where there is no viewer."""
        return bool(getattr(self.site, "is_starred", False))

    @property
    def haystack(self) -> str:
        """What a search covers, besides the SHAs."""
        site, seen = self.site, self.seen
        mapped = (self.name, site.host, site.tags, self.slug, format_references(site.references))
        return " ".join((*mapped, seen.head_headline, seen.head_author, seen.built_headline)).casefold()

    @property
    def shas(self) -> tuple[str, ...]:
        """The commits that a search by SHA covers."""
        return self.seen.head_sha, self.seen.running_sha, self.seen.desired_sha, self.seen.built_sha

    @property
    def observed_at(self) -> datetime | None:
        """The older of GitHub's and the cluster's last good answers; None while either is missing."""
        times = (self.seen.github_observed_at, self.seen.cluster_observed_at)
        return min((each for each in times if each), default=None) if all(times) else None


@dataclass(frozen=True)
class SitePage:
    row: SiteRow
    commits: tuple[Commit, ...] | None
    """The commits to deploy, newest first; None while they have not been fetched."""
    commits_total: int
    running_headline: str
    """Of the commit that runs, where the commits after it are known; else empty."""
    choices: tuple[Choice, ...]
    """Other commits of the branch that are known, newest first: those ahead of what runs, then those behind it."""
    history: tuple[Deploy, ...]
    holds: tuple[StandingHold, ...]
    """Standing Holds that stop this site: on everything, on it, or on one of its commits."""
    past_holds: tuple[Hold, ...]
    """Holds on it or on one of its commits that were resumed or have expired, newest first."""
    pods: tuple[PodState, ...]
    """Those of a site without a ready pod, newest first; empty for any other."""
    pod_check: PodsShown
    """What a worker listed of all its pods within the last minutes."""
    past: Past
    """What was deployed within 90 days."""
    verdict: Verdict
    """What automation makes of it, decided as the sync decides."""
    system_status: SystemStatus


def answers_of(sites: Sequence[Site], *, now: datetime) -> dict[int, State]:
    """Return the states of sites that were read with their observations, by their keys. Runs one SQL query."""
    status = system_status(now=now)
    return {site.pk: row_of(site, status, now=now).answer.state for site in sites}


def rows_of(sites: SiteQuerySet, *, now: datetime) -> list[SiteRow]:
    """Return the rows of some sites, in their order. Runs two SQL queries."""
    status = system_status(now=now)
    shown = sites.with_workloads().select_related("observation__latest_deploy")
    return [row_of(site, status, now=now) for site in shown]


def site_page(*, name: str, now: datetime, viewer_id: int | None = None) -> SitePage:
    """Raise Site.DoesNotExist where there is no such site. Runs seven SQL queries, and two more where it auto-deploys."""
    status = system_status(now=now)
    site = all_sites(viewer_id=viewer_id).select_related("pod_check").get(name=name)
    row = row_of(site, status, now=now)
    policy = policies_of([site], {site.pk: row.seen})[site.pk]
    facts = site_facts(site, holds=status.holds, zone=now.tzinfo)
    behind = commits_between(site, base=row.running_sha, head=row.seen.head_sha)
    return SitePage(
        row=row,
        commits=behind.commits,
        commits_total=behind.total,
        running_headline=behind.base_headline,
        choices=choices_for(site, behind.commits or (), running=row.running_sha, head=row.seen.head_sha),
        history=tuple(site.deploys.all()[:HISTORY_LENGTH]),
        holds=tuple(hold for hold in status.holds if hold.site_id in (None, site.pk)),
        past_holds=tuple(Hold.objects.filter(site=site).exclude(resumed_at=None)[:HISTORY_LENGTH]),
        pods=pods_from_json(row.seen.outage_pods),
        pod_check=pod_check_of(site, now=now),
        past=past_of(site, now=now),
        verdict=verdict_on(site, facts, policy, now=now, stale_after=stale_after(status.sync_interval)),
        system_status=status,
    )


def all_sites(*, viewer_id: int | None = None) -> QuerySet[Site]:
    sites = Site.objects.with_workloads().select_related("observation__latest_deploy")
    return sites.with_star_of(viewer_id) if viewer_id else sites


def row_of(site: Site, status: SystemStatus, *, now: datetime) -> SiteRow:
    seen: Observation = getattr(site, "observation", None) or Observation(site=site)
    facts = site_facts(site, holds=status.holds, zone=now.tzinfo)
    head = (
        Commit(seen.head_sha, seen.head_headline, seen.head_author, seen.head_committed_at)
        if seen.head_sha
        else None
    )
    return SiteRow(
        site=site,
        seen=seen,
        answer=answer_for(facts, now=now, stale_after=stale_after(status.sync_interval)),
        head=head,
        latest_deploy=seen.latest_deploy,
    )
