"""Query external services for every site; `observe.py` writes what they answer into each site's new observation."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from deployments.clients.clients import Clients
from deployments.clients.github import Answers, Head, HeadProblem, HeadQuestion
from deployments.models import Build, Observation, PublishedVersion, Site
from deployments.operations.github_limits import Pauses, read_pauses
from deployments.operations.sync.gather_builds import Builds
from deployments.operations.sync.gather_built import KnownBelow, gather_built, others_of
from deployments.operations.sync.gather_cluster import Found, Observed, gather_cluster
from deployments.operations.sync.gather_images import RegistryQuestions, gather_images
from deployments.operations.sync.gather_versions import Versions
from deployments.operations.sync.observe import (
    make_printable,
    observe_builds,
    observe_head,
    observe_image,
    observe_newest_build,
    observe_versions,
    observe_workload,
)
from deployments.rules.versions import no_image_tag

WAITS_FOR_REGISTRIES_SECONDS = 50
"""A sync's other sites must not wait longer for one registry's limit; what is left is asked at the next sync."""


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
        observe_head(observation, head, now=now)
        observe_workload(observation, observed[site.pk], head, now=now)
        observe_builds(site, observation, observed[site.pk], head, builds)
        observe_versions(site, observation, observed[site.pk], head, versions)
        seen[site.pk] = observation
    _look_by_branch(sites, seen, builds, answers.heads)
    _gather_head_images(sites, seen, builds, answers.heads, questions, now=now)
    below = {
        site.pk: KnownBelow(versions=versions.below(site, answers.heads[site.pk]), built=builds.below(site))
        for site in sites
    }
    gather_built(sites, seen, answers.heads, questions, below=below, now=now)
    for site in sites:
        if moved := versions.moved(site):
            seen[site.pk].registry_problem, seen[site.pk].head_image_built = moved, None
    for observation in seen.values():
        make_printable(observation)
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


def _gather_head_images(
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
        site.pk: site.image_of_head(sha=seen[site.pk].head_sha, version=seen[site.pk].head_version)
        for site in sites
        if site.expected_repository and not site.is_by_label and _must_ask(site.observation, seen[site.pk])
    }
    built = gather_images(filter(None, unknown.values()), questions)
    for site in sites:
        before, after = site.observation, seen[site.pk]
        if site.is_by_label:
            observe_newest_build(site, before, after, builds, heads[site.pk])
        elif unknown.get(site.pk, True):
            observe_image(before, after, unknown.get(site.pk), built, now=now)
        else:
            after.registry_problem, after.head_image_built = no_image_tag(after.head_version), None


def _must_ask(before: Observation, seen: Observation) -> bool:
    if not seen.head_sha or seen.head_sha == seen.running_sha:
        return False
    is_same = (seen.head_sha, seen.head_version) == (before.head_sha, before.head_version)
    return not (is_same and before.head_image_built)


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
