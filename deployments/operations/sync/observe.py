"""Write what was gathered into a site's new observation: what GitHub, the cluster and the registry have answered about it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from deployments.clients.github import (
    GitHubError,
    GitHubNotFound,
    GitHubRefused,
    GitHubTokenRefused,
    Head,
    HeadProblem,
)
from deployments.clients.registry import RegistryError
from deployments.facts import workloads_as_json
from deployments.models import Build, Observation, Site
from deployments.operations.sync.gather_builds import Builds, slugs
from deployments.operations.sync.gather_cluster import Found, Missing, Observed, Unreachable
from deployments.operations.sync.gather_images import Built
from deployments.operations.sync.gather_outages import SeenOutage
from deployments.operations.sync.gather_versions import Versions
from deployments.rules import builds as rules
from deployments.rules.ci import HAVE_CI, check_state_of
from deployments.rules.images import ImageReference, is_full_sha
from deployments.rules.notes import another_repository, is_another
from deployments.rules.site_state import CheckState
from deployments.rules.wording import printable

BUILDS_REMEMBERED = 5
_TEXTS = [
    field.name
    for field in Observation._meta.concrete_fields  # noqa: SLF001
    if isinstance(field, models.CharField | models.TextField)
]


def observe_head(seen: Observation, head: Head | HeadProblem, *, now: datetime) -> None:
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
    _observe_ci(seen, head, now=now)
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


def _observe_ci(seen: Observation, head: Head, *, now: datetime) -> None:
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


def observe_workload(
    seen: Observation, observed: Observed, head: Head | HeadProblem, *, now: datetime
) -> None:
    if isinstance(observed, Unreachable):
        seen.cluster_problem = observed.message
        return
    seen.cluster_problem, seen.cluster_observed_at = "", now
    _observe_outage(seen, observed.outage if isinstance(observed, Found) else None)
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
    seen.running_sha = _full_sha(observed.running_tag, head, *before)
    seen.desired_sha = _full_sha(observed.desired_tag, head, seen.running_sha, *before)


def _observe_outage(seen: Observation, outage: SeenOutage | None) -> None:
    seen.outage_reason = outage.reason if outage else ""
    seen.outage_message = outage.message if outage else ""
    seen.outage_log = outage.log if outage else ""
    seen.outage_pods = outage.pods if outage else None


def _full_sha(tag: str, head: Head | HeadProblem, *known: str) -> str:
    """Return the whole SHA that a tag's digits begin: as GitHub resolved it, or as it was known before."""
    if is_full_sha(tag) or not tag:
        return tag
    resolved = () if isinstance(head, HeadProblem) else (head.running_sha, head.desired_sha, head.sha)
    return next((sha for sha in (*resolved, *known) if sha and sha.startswith(tag)), "")


def observe_builds(
    site: Site, seen: Observation, observed: Observed, head: Head | HeadProblem, builds: Builds
) -> None:
    if isinstance(observed, Unreachable):
        return
    seen.build_problem = builds.problem(site, observed, head) if isinstance(observed, Found) else ""
    if seen.build_problem and seen.build_problem != rules.MOVED:
        # What a label says counts only where the repository has that commit.
        seen.running_sha = seen.desired_sha = ""
        seen.running_is_unknown = False


def observe_versions(
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


def observe_image(
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


def observe_newest_build(
    site: Site, before: Observation, seen: Observation, builds: Builds, head: Head | HeadProblem
) -> None:
    """Write whether the head is built, where the newest build's label says so."""
    if not seen.head_sha:
        return
    if seen.head_sha == seen.running_sha or (before.head_sha == seen.head_sha and before.head_image_built):
        # It runs, or it was seen before.
        seen.registry_problem, seen.head_image_built = "", True
        return
    newest = builds.newest(site)
    build = newest.build if newest else None
    if isinstance(build, RegistryError):
        seen.registry_problem = str(build)
        seen.head_image_built = None if seen.head_sha != before.head_sha else before.head_image_built
        return
    problem = _why_unrelated(site, build, seen, builds, head) if build else ""
    is_built = build is not None and build.sha == seen.head_sha
    seen.registry_problem = f"Of {newest.image}, {problem}." if problem and newest else ""
    if newest and newest.is_there and build is None:
        seen.registry_problem = rules.cleaned_up(str(newest.image))
    seen.head_image_built = None if problem or newest is None else is_built


def _why_unrelated(
    site: Site, build: Build, seen: Observation, builds: Builds, head: Head | HeadProblem
) -> str:
    """Why the newest build says nothing of the branch, without a full stop."""
    if why_not := rules.why_not_counted(build.facts, slugs=slugs(site)):
        return why_not
    built = head.built if isinstance(head, Head) else None
    commit = builds.commit_of(site, build)
    if built is None or seen.head_sha.startswith(commit):
        return ""
    if built.sha == "" and not build.sha:
        return rules.unknown_to_github(commit, slug=slugs(site)[0])
    if built.ahead_by:
        return rules.not_on_branch(commit, branch=seen.branch, headline=built.headline)
    return ""


def make_printable(seen: Observation) -> None:
    """One site's odd text must not keep all others' from being saved."""
    for name in _TEXTS:
        setattr(seen, name, printable(getattr(seen, name)))
