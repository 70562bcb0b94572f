"""Query external services for every site, and combine the three answers into each site's new observation."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import models

from deployments.clients.clients import Clients
from deployments.clients.github import (
    Answers,
    GitHubError,
    GitHubNotFound,
    GitHubRefused,
    GitHubTokenRefused,
    Head,
    HeadProblem,
    HeadQuestion,
)
from deployments.clients.registry import RegistryError
from deployments.facts import workloads_as_json
from deployments.models import Build, Observation, PublishedVersion, Site
from deployments.operations.github_limits import Pauses, read_pauses
from deployments.operations.sync.gather_builds import Builds, see_newest
from deployments.operations.sync.gather_built import KnownBelow, gather_built, others_of
from deployments.operations.sync.gather_cluster import Found, Missing, Observed, Unreachable, gather_cluster
from deployments.operations.sync.gather_images import Built, RegistryQuestions, gather_images
from deployments.operations.sync.gather_outages import SeenOutage
from deployments.operations.sync.gather_versions import Versions
from deployments.rules.builds import MOVED
from deployments.rules.ci import HAVE_CI, check_state_of
from deployments.rules.images import ImageReference, is_full_sha
from deployments.rules.notes import another_repository, is_another
from deployments.rules.site_state import CheckState
from deployments.rules.wording import printable

BUILDS_REMEMBERED = 5
WAITS_FOR_REGISTRIES_SECONDS = 50
"""A sync's other sites must not wait longer for one registry's limit; what is left is asked at the next sync."""
_TEXTS = [
    field.name
    for field in Observation._meta.concrete_fields  # noqa: SLF001
    if isinstance(field, models.CharField | models.TextField)
]


@dataclass(frozen=True)
class Gathered:
    observations: dict[int, Observation] = field(repr=False)
    """By the site's key. Unsaved: what was there before, changed by what is known now."""
    cluster_requests: int
    github: Answers = field(repr=False)
    pauses: Pauses = field(repr=False)
    """GitHub's, as they were before."""
    registry_requests: int
    builds: Sequence[Build] = ()
    """Those that are new, or known better."""
    versions: Sequence[PublishedVersion] = ()
    """Those that are new."""


def gather(sites: Sequence[Site], clients: Clients, *, now: datetime) -> Gathered:
    """Ask the cluster, the registry about builds, GitHub about both, then the registry about heads not known to be built."""
    observed, lists = gather_cluster(sites, clients, now=now)
    questions = RegistryQuestions(clients.registry, waits_seconds=WAITS_FOR_REGISTRIES_SECONDS)
    builds = Builds(questions, now=now)
    builds.look(sites, observed)
    raw = {site.pk: builds.resolve(site, observed[site.pk]) for site in sites}
    versions, pauses = Versions(sites, now=now), read_pauses()
    answers = _ask_github(sites, raw, builds, versions, partial(_ask, clients, pauses, now=now), now=now)
    observed = {site.pk: versions.resolve(site, raw[site.pk]) for site in sites}
    seen = {}
    for site in sites:
        observation, head = copy(site.observation), answers.heads[site.pk]
        builds.confirm(site, observed[site.pk], head)
        _see_head(observation, head, now=now)
        _see_workload(observation, observed[site.pk], head, now=now)
        _see_builds(site, observation, observed[site.pk], head, builds)
        _see_versions(site, observation, observed[site.pk], head, versions)
        seen[site.pk] = observation
    _look_by_branch(sites, seen, builds, answers.heads)
    _see_images(sites, seen, builds, answers.heads, questions, now=now)
    below = {
        site.pk: KnownBelow(versions=versions.below(site, answers.heads[site.pk]), built=builds.below(site))
        for site in sites
    }
    gather_built(sites, seen, answers.heads, questions, below=below, now=now)
    for site in sites:
        if moved := versions.moved(site):
            seen[site.pk].registry_problem, seen[site.pk].head_image_built = moved, None
    for observation in seen.values():
        _make_printable(observation)
    return Gathered(seen, lists, answers, pauses, questions.asked, builds.changed, versions.new)


def _ask(clients: Clients, pauses: Pauses, heads: Sequence[HeadQuestion], *, now: datetime) -> Answers:
    return clients.github.heads(heads, paused=pauses.standing(now=now))


def _ask_github(
    sites: Sequence[Site],
    observed: Mapping[int, Observed],
    builds: Builds,
    versions: Versions,
    ask: Callable[[Sequence[HeadQuestion]], Answers],
    *,
    now: datetime,
) -> Answers:
    heads = []
    for site in sites:
        resolved = versions.resolve(site, observed[site.pk])
        known = (*builds.below(site), *versions.commits_below(site))
        question = _question(site, resolved, builds, known, now=now)
        heads.append(versions.question(site, question, observed[site.pk]))
    return versions.settle(heads, ask(heads), observed, ask=ask)


def _see_versions(
    site: Site, seen: Observation, observed: Observed, head: Head | HeadProblem, versions: Versions
) -> None:
    if isinstance(head, Head):
        seen.head_version = head.tag
    if isinstance(observed, Unreachable):
        return
    seen.running_version = versions.version_of(site, observed) if seen.running_sha else ""
    if isinstance(observed, Found) and (problem := versions.problem(site, observed, head)):
        seen.build_problem = problem
        seen.running_sha = seen.desired_sha = seen.running_version = ""


def _see_builds(
    site: Site, seen: Observation, observed: Observed, head: Head | HeadProblem, builds: Builds
) -> None:
    if isinstance(observed, Unreachable):
        return
    seen.build_problem = builds.problem(site, observed, head) if isinstance(observed, Found) else ""
    if seen.build_problem and seen.build_problem != MOVED:
        # What a label says counts only where the repository has that commit.
        seen.running_sha = seen.desired_sha = ""
        seen.running_is_unknown = False


def _look_by_branch(
    sites: Sequence[Site],
    seen: Mapping[int, Observation],
    builds: Builds,
    heads: Mapping[Hashable, Head | HeadProblem],
) -> None:
    """A moving tag that is called like a branch is not known before GitHub has said which one that is."""
    late = [
        site for site in sites if site.is_by_label and seen[site.pk].branch and builds.newest(site) is None
    ]
    if late:
        builds.look(late, {}, branches={site.pk: seen[site.pk].branch for site in late})
    for site in late:
        builds.confirm(site, None, heads[site.pk])


def _see_images(
    sites: Sequence[Site],
    seen: Mapping[int, Observation],
    builds: Builds,
    heads: Mapping[Hashable, Head | HeadProblem],
    questions: RegistryQuestions,
    *,
    now: datetime,
) -> None:
    """Whether each head is built: by tag a separate request, by label what the newest build says."""
    unknown = {
        site.pk: _head_image(site, seen[site.pk])
        for site in sites
        if site.expected_repository and not site.is_by_label and _must_ask(site.observation, seen[site.pk])
    }
    built = gather_images(unknown.values(), questions)
    for site in sites:
        before, after = site.observation, seen[site.pk]
        if site.is_by_label:
            see_newest(site, before, after, builds, heads[site.pk])
        else:
            _see_image(before, after, unknown.get(site.pk), built, now=now)


def _head_image(site: Site, seen: Observation) -> ImageReference:
    return site.image_of_version(seen.head_version) if site.is_by_release else site.image_for(seen.head_sha)


def _question(
    site: Site, observed: Observed, builds: Builds, known: Sequence[str], *, now: datetime
) -> HeadQuestion:
    running, desired = site.observation.running_sha, ""
    if isinstance(observed, Found):
        running, desired = observed.running_tag, observed.desired_tag
    newest = builds.newest(site)
    built = builds.commit_of(site, newest.build) if newest else ""
    return HeadQuestion(
        key=site.pk,
        owner=site.owner,
        repository=site.repository,
        branch=site.branch,
        running=running,
        desired="" if desired == running else desired,
        built="" if built == running else built,
        others=others_of(site, known=known, now=now),
    )


def _see_head(seen: Observation, head: Head | HeadProblem, *, now: datetime) -> None:
    if isinstance(head, HeadProblem):
        seen.github_problem = str(head.error)
        seen.repository_missing = isinstance(head.error, GitHubNotFound)
        seen.github_refused = _needs_a_person(head.error)
        return
    seen.github_refused = False
    if is_another(head.repository_id, seen.repository_id):
        seen.github_problem, seen.repository_missing = another_repository(head.name_with_owner), True
        seen.check_state, seen.check_problem = CheckState.UNKNOWN, ""
        seen.behind_by = seen.ahead_by = None
        return
    seen.github_problem, seen.repository_missing, seen.github_observed_at = "", False, now
    seen.name_with_owner, seen.branch = head.name_with_owner, head.branch or seen.branch
    _see_ci(seen, head, now=now)
    if head.repository_id is not None:
        seen.repository_id = head.repository_id
    if head.is_archived is not None:
        seen.is_archived = head.is_archived
    if head.committed_at is not None or seen.head_sha != head.sha:
        seen.head_headline, seen.head_author, seen.head_committed_at = (
            head.headline,
            head.author,
            head.committed_at,
        )
    seen.head_sha = head.sha
    seen.behind_by, seen.ahead_by = head.behind_by, head.ahead_by


def _see_ci(seen: Observation, head: Head, *, now: datetime) -> None:
    if seen.head_sha != head.sha:
        seen.head_seen_at = now
    stated = CheckState(head.check_state)
    seen.branch_has_ci |= not HAVE_CI.isdisjoint({stated, CheckState(seen.check_state)})
    seen.check_state = check_state_of(
        stated,
        branch_has_ci=seen.branch_has_ci,
        first_seen_at=seen.head_seen_at,
        now=now,
        within=timedelta(minutes=settings.CI_BEGINS_WITHIN_MINUTES),
    )
    seen.check_problem = head.check_problem


def _needs_a_person(error: GitHubError) -> bool:
    """Whether waiting does not fix it; a rejected token affects every site, and the last known state is still valid."""
    return isinstance(error, GitHubRefused) and not isinstance(error, GitHubTokenRefused)


def _see_workload(seen: Observation, observed: Observed, head: Head | HeadProblem, *, now: datetime) -> None:
    if isinstance(observed, Unreachable):
        seen.cluster_problem = observed.message
        return
    seen.cluster_problem, seen.cluster_observed_at = "", now
    _see_outage(seen, observed.outage if isinstance(observed, Found) else None)
    if isinstance(observed, Missing):
        seen.workload_missing = observed.message
        seen.desired_image = seen.desired_sha = seen.running_sha = seen.resource_version = ""
        seen.requested_image = seen.unmapped = ""
        seen.workloads = workloads_as_json(observed.workloads)
        seen.ready = seen.wanted = 0
        return
    seen.workload_missing, seen.managed_by = "", observed.managed_by
    seen.desired_image, seen.resource_version = observed.desired_image, observed.resource_version
    seen.requested_image = observed.requested_image
    seen.desired_by, seen.desired_at = (
        (observed.writer.manager, observed.writer.at) if observed.writer else ("", None)
    )
    seen.ready, seen.wanted, seen.unmapped = observed.ready, observed.wanted, observed.unmapped
    seen.workloads = workloads_as_json(observed.workloads)
    before = (seen.running_sha, seen.desired_sha)
    if isinstance(head, Head):
        seen.running_is_unknown = bool(observed.running_tag) and head.running_sha == ""
    seen.running_sha = _full(observed.running_tag, head, *before)
    seen.desired_sha = _full(observed.desired_tag, head, seen.running_sha, *before)


def _see_outage(seen: Observation, outage: SeenOutage | None) -> None:
    seen.outage_reason = outage.reason if outage else ""
    seen.outage_message = outage.message if outage else ""
    seen.outage_log = outage.log if outage else ""
    seen.outage_pods = outage.pods if outage else None


def _full(tag: str, head: Head | HeadProblem, *known: str) -> str:
    """Return the whole SHA that a tag's digits begin: as GitHub resolved it, or as it was known before."""
    if is_full_sha(tag) or not tag:
        return tag
    resolved = () if isinstance(head, HeadProblem) else (head.running_sha, head.desired_sha, head.sha)
    return next((sha for sha in (*resolved, *known) if sha and sha.startswith(tag)), "")


def _make_printable(seen: Observation) -> None:
    """One site's odd text must not keep all others' from being saved."""
    for name in _TEXTS:
        setattr(seen, name, printable(getattr(seen, name)))


def _must_ask(before: Observation, seen: Observation) -> bool:
    if not seen.head_sha or seen.head_sha == seen.running_sha:
        return False
    is_same = (seen.head_sha, seen.head_version) == (before.head_sha, before.head_version)
    return not (is_same and before.head_image_built)


def _see_image(
    before: Observation,
    seen: Observation,
    image: ImageReference | None,
    built: Mapping[ImageReference, Built],
    *,
    now: datetime,
) -> None:
    answer: Built | None = built[image] if image else None
    if isinstance(answer, RegistryError):
        seen.registry_problem = str(answer)
        seen.head_image_built = None if seen.head_sha != before.head_sha else before.head_image_built
    elif image:
        seen.registry_problem, seen.head_image_built = "", answer
        _note_build(before, seen, now=now)
    elif seen.head_sha:
        # Not asked: it runs, or it was seen before.
        seen.registry_problem, seen.head_image_built = "", True


def _note_build(before: Observation, seen: Observation, *, now: datetime) -> None:
    """How long a build took, as precisely as syncs can say: from the first sync of a head to the one that found its image."""
    was_waited_for = before.head_sha == seen.head_sha and before.head_image_built is False
    if seen.head_image_built and was_waited_for and seen.head_seen_at is not None:
        took = int((now - seen.head_seen_at).total_seconds())
        seen.build_seconds = [took, *(seen.build_seconds or ())][:BUILDS_REMEMBERED]
