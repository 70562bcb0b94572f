"""Which commit a build is, for sites by label: one HEAD of each moving tag, and nothing else for a known digest.

What `gather_cluster` has seen of such a site is builds, spelt by `build_in`; here they become commits.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from deployments.clients.github import Head, HeadProblem
from deployments.clients.registry import BuildLabels, RegistryError
from deployments.models import Build, Observation, Site
from deployments.operations.sync.gather_built import mainline_of
from deployments.operations.sync.gather_cluster import Found, Observed
from deployments.operations.sync.gather_images import RegistryQuestions
from deployments.rules import builds as rules
from deployments.rules.images import ImageReference, is_full_sha, parse_image
from deployments.rules.rollbacks import is_of
from deployments.rules.site_workloads import WorkloadSeen
from deployments.rules.times import bounded
from deployments.rules.wording import printable

NO_BRANCHES: Mapping[int, str] = MappingProxyType({})
SEEN_AGAIN_AFTER = timedelta(days=1)
_Answer = Build | RegistryError | None
_Key = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Newest:
    """A site's moving tag resolved: its build, why that is unknown, or None where there is no such tag, or not all of its image."""

    image: ImageReference
    build: _Answer
    is_there: bool = False
    """Whether the tag leads to something, be it to an index whose images are gone."""


class Builds:
    """Those of one sync. `changed` are those to be saved."""

    def __init__(self, questions: RegistryQuestions, *, now: datetime) -> None:
        self._questions = questions
        self._now = now
        self._branches: dict[int, str] = {}
        self._tags: dict[ImageReference, str | RegistryError | None] = {}
        self._known: dict[_Key, Build | RegistryError | None] = {}
        self._changed: dict[_Key, Build] = {}
        self._commits: set[_Key] = set()

    @property
    def changed(self) -> list[Build]:
        return list(self._changed.values())

    def look(
        self,
        sites: Iterable[Site],
        seen: Mapping[int, Observed],
        *,
        branches: Mapping[int, str] = NO_BRANCHES,
    ) -> None:
        """Ask for the moving tags of these sites by label, and for every digest that is new. Runs one SQL query, none without such a site.

        `branches` are those that have just become known.
        """
        self._branches |= branches
        mine = [site for site in sites if site.is_by_label and site.expected_repository]
        self._remember_commits(mine)
        tags = {image for site in mine if (image := self._moving(site)).tag}
        self._tags |= self._questions.digests(tags - self._tags.keys())
        wanted = {
            (image.repository, digest): replace(image, tag=None, digest=digest)
            for image, digest in self._tags.items()
            if isinstance(digest, str)
        }
        for site in mine:
            wanted |= _running(site, seen.get(site.pk))
        self._learn({key: image for key, image in wanted.items() if key not in self._known})

    def _remember_commits(self, sites: Iterable[Site]) -> None:
        """Which commits below heads without an image were built before. One SQL query; none where all heads are built."""
        line = {each["sha"] for site in sites for each in mainline_of(site)}
        if line:
            builds = Build.objects.filter(sha__in=line).values_list("repository", "sha")
            self._commits.update(builds)

    def newest(self, site: Site) -> Newest | None:
        """None where the moving tag was not queried, since the branch was not known yet."""
        if not (site.is_by_label and site.expected_repository):
            return None
        image = self._moving(site)
        if image not in self._tags:
            return None
        digest = self._tags[image]
        build = self._known.get((image.repository, digest)) if isinstance(digest, str) else digest
        return Newest(image=image, build=build, is_there=isinstance(digest, str))

    def _moving(self, site: Site) -> ImageReference:
        return site.moving_image(self._branches.get(site.pk, ""))

    def commit_of(self, site: Site, build: _Answer) -> str:
        """The commit that a build says it is of the site's repository, 7 to 40 digits; empty where that does not count."""
        return rules.claimed_commit(build.facts, slugs=slugs(site)) if isinstance(build, Build) else ""

    def resolve(self, site: Site, observed: Observed) -> Observed:
        """Put commits in the place of the builds that were seen of a site by label."""
        if not site.is_by_label or not isinstance(observed, Found):
            return observed
        running = self._commit(site, observed.running_tag)
        return replace(
            observed,
            running_tag=running,
            desired_tag=self._asked(site, observed.desired_tag, running),
            running_build=observed.running_tag,
            desired_build=observed.desired_tag,
            workloads=tuple(self._resolve_workload(site, each) for each in observed.workloads),
        )

    def _resolve_workload(self, site: Site, seen: WorkloadSeen) -> WorkloadSeen:
        running = self._commit(site, seen.running)
        containers = {
            name: self._asked(site, build, running) for name, build in (seen.containers or {}).items()
        }
        return replace(
            seen, running=running, asked=self._asked(site, seen.asked, running), containers=containers
        )

    def _asked(self, site: Site, token: str, running: str) -> str:
        """A tag asks for what was pulled by it; where nothing was, for what it leads to now."""
        return (running if token.startswith(rules.BY_TAG) else "") or self._commit(site, token)

    def problem(self, site: Site, observed: Found, head: Head | HeadProblem) -> str:
        """Why the commit of what runs is not known, without a full stop; empty where it is, or where labels do not identify it."""
        if not site.is_by_label:
            return ""
        seen = self._builds(site, observed.running_build or observed.desired_build)
        unknown = _unknown_to_github(observed, head)
        found = (self._problem_of(site, each, unknown) for each in seen)
        if problem := next((each for each in found if each), ""):
            return problem
        return rules.MOVED if len({self.commit_of(site, each) for each in seen}) > 1 else ""

    def _problem_of(self, site: Site, build: _Answer, unknown: Collection[str]) -> str:
        if isinstance(build, RegistryError):
            return str(build).rstrip(".")
        if not isinstance(build, Build) or build.sha:
            return ""
        commit = self.commit_of(site, build)
        is_unknown = rules.unknown_to_github(commit, slug=slugs(site)[0]) if commit in unknown else ""
        return rules.why_not_counted(build.facts, slugs=slugs(site)) or is_unknown

    def below(self, site: Site) -> tuple[str, ...]:
        """The commits below a head without an image that a build is of, newest first: the newest build's, and those of earlier ones."""
        if not site.is_by_label:
            return ()
        newest = self.newest(site)
        claimed = self.commit_of(site, newest.build) if newest else ""
        line = [each["sha"] for each in mainline_of(site)]
        built = {sha for repository, sha in self._commits if repository in site.image_repositories}
        return tuple(sha for sha in line if sha in built or (claimed and sha.startswith(claimed)))

    def confirm(self, site: Site, observed: Observed | None, head: Head | HeadProblem) -> None:
        """Remember which commits of this site's builds GitHub knows."""
        if not site.is_by_label or isinstance(head, HeadProblem):
            return
        known = (head.sha, head.running_sha, head.desired_sha, head.built.sha if head.built else None)
        newest = self.newest(site)
        tokens = (observed.running_build, observed.desired_build) if isinstance(observed, Found) else ()
        running = [build for token in tokens for build in self._builds(site, token)]
        for build in (newest.build if newest else None, *running):
            commit = self.commit_of(site, build)
            if isinstance(build, Build) and commit and not build.sha:
                build.sha = next((sha for sha in known if sha and sha.startswith(commit)), "")
                if build.sha:
                    self._changed[build.repository, build.digest] = build

    def _commit(self, site: Site, token: str) -> str:
        """Empty where there is none, or several."""
        if is_full_sha(token):
            return token
        commits = {self.commit_of(site, each) for each in self._builds(site, token)}
        return commits.pop() if len(commits) == 1 else ""

    def _builds(self, site: Site, token: str) -> list[_Answer]:
        """By their digests; of a moving tag, what it leads to."""
        if token.startswith(rules.BY_TAG):
            newest = self.newest(site)
            is_moving = newest is not None and f"{rules.BY_TAG}{newest.image.tag}" == token
            return [newest.build] if newest and is_moving else []
        return [
            self._known.get(_key(site, digest)) or self._of_former(site, digest) for digest in token.split()
        ]

    def _of_former(self, site: Site, digest: str) -> _Answer:
        return self._known.get((site.former_repository, digest))

    def _learn(self, wanted: Mapping[_Key, ImageReference]) -> None:
        if not wanted:
            return
        rows = Build.objects.of_digests({each for each, _ in wanted}, {digest for _, digest in wanted})
        for row in rows:
            self._remember(row)
            if self._now - row.last_seen_at >= SEEN_AGAIN_AFTER:
                row.last_seen_at = self._now
                self._changed[row.repository, row.digest] = row
        new = {image: key for key, image in wanted.items() if key not in self._known}
        for image, answer in self._questions.builds(new).items():
            if isinstance(answer, BuildLabels):
                build = self._new(image, answer)
                self._remember(build)
                self._changed[build.repository, build.digest] = build
            else:
                self._known[new[image]] = answer

    def _remember(self, build: Build) -> None:
        """An index says more than one of its images alone, which has none of its annotations."""
        for digest in build.digests:
            present = self._known.get((build.repository, digest))
            if not isinstance(present, Build) or _weight(build) > _weight(present):
                self._known[build.repository, digest] = build

    def _new(self, image: ImageReference, stated: BuildLabels) -> Build:
        return Build(
            repository=image.repository,
            digest=image.digest or stated.digest,
            revision=printable(stated.revision),
            source=printable(stated.source),
            platforms=dict(stated.platforms),
            built_at=bounded(stated.created_at) if stated.created_at else None,
            last_seen_at=self._now,
        )


def _weight(build: Build) -> tuple[bool, bool]:
    """What counts more where two builds have the same image: that GitHub knows its commit, then that it is an index."""
    return bool(build.sha), bool(build.platforms)


def _unknown_to_github(observed: Found, head: Head | HeadProblem) -> set[str]:
    """Which of the queried commits it does not know."""
    if isinstance(head, HeadProblem):
        return set()
    asked = ((observed.running_tag, head.running_sha), (observed.desired_tag, head.desired_sha))
    return {commit for commit, sha in asked if commit and sha == ""}


def slugs(site: Site) -> tuple[str, ...]:
    """What the site's repository is called: by its mapping, and by GitHub where that is another name."""
    seen: Observation = site.observation
    ours = f"{site.owner}/{site.repository}"
    return (ours, seen.name_with_owner) if seen.name_with_owner else (ours,)


def save_builds(changed: Iterable[Build]) -> None:
    """Runs one SQL query; none where nothing has changed."""
    rows = list(changed)
    if rows:
        Build.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["repository", "digest"],
            update_fields=["sha", "last_seen_at"],
            batch_size=500,
        )


def _key(site: Site, digest: str) -> _Key:
    return site.expected_repository, digest


def _running(site: Site, observed: Observed | None) -> dict[_Key, ImageReference]:
    """The digests that a site's workloads show, each with how to query it."""
    if not isinstance(observed, Found):
        return {}
    tokens = {observed.running_tag, observed.desired_tag}
    for each in observed.workloads:
        tokens |= {each.asked, each.running, *(each.containers or {}).values()}
    digests = {digest for each in tokens for digest in each.split() if digest.startswith("sha")}
    is_former = is_of(observed.requested_image or observed.desired_image, site.former_repository)
    image = parse_image(site.former_repository if is_former else site.expected_repository)
    return {(image.repository, digest): replace(image, digest=digest) for digest in digests}
