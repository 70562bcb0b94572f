"""Which commit a version is, for sites by release: what is newest comes with the heads' query, and no Git tag is queried twice.

What `gather_cluster` has seen of such a site is images' tags, spelt by `version_token`; here they become commits.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from deployments.clients.github import (
    Answers,
    GitHubNotFound,
    Head,
    HeadProblem,
    HeadQuestion,
    VersionQuestion,
)
from deployments.models import Observation, PublishedVersion, Site
from deployments.operations.sync.gather_built import AT_MOST, mainline_of
from deployments.operations.sync.gather_cluster import Found, Observed
from deployments.rules import versions as rules
from deployments.rules.builds import BY_VERSION
from deployments.rules.site_workloads import WorkloadSeen

ROUNDS = 2
"""A new newest or running version is queried once more, for the distance between the two."""
_Heads = Mapping[Hashable, Head | HeadProblem]
_Ask = Callable[[Sequence[HeadQuestion]], Answers]


class Versions:
    """Those of one sync. `new` are those to be saved."""

    def __init__(self, sites: Iterable[Site], *, now: datetime) -> None:
        """Runs one SQL query; none without a site by release."""
        self._now = now
        self._sites = [site for site in sites if site.is_by_release and site.expected_repository]
        self._known: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        self._moved: dict[int, str] = {}
        self.new: list[PublishedVersion] = []
        if self._sites:
            owners, names = {site.owner for site in self._sites}, {site.repository for site in self._sites}
            rows = PublishedVersion.objects.filter(owner__in=owners, repository__in=names).order_by("pk")
            for row in rows:
                self._known[row.owner, row.repository][row.name] = row.sha

    def resolve(self, site: Site, observed: Observed) -> Observed:
        """Put commits in the place of the images' tags that were seen of a site by release."""
        if not site.is_by_release or not isinstance(observed, Found):
            return observed
        return replace(
            observed,
            running_tag=self._commit(site, observed.running_tag),
            desired_tag=self._commit(site, observed.desired_tag),
            running_build=observed.running_tag,
            desired_build=observed.desired_tag,
            workloads=tuple(self._resolve_workload(site, each) for each in observed.workloads),
        )

    def question(self, site: Site, question: HeadQuestion, observed: Observed) -> HeadQuestion:
        """The site's question, with what is to be known of versions."""
        if not site.is_by_release:
            return question
        tokens = _tokens(observed)
        unknown = [tag for each in tokens for tag in _names(site, each) if not self._name(site, each)]
        versions = _asked(site, *dict.fromkeys(unknown), older=site.observation.head_image_built is False)
        return replace(question_by_release(site, question), versions=versions)

    def settle(
        self, questions: Sequence[HeadQuestion], answers: Answers, seen: Mapping[int, Observed], *, ask: _Ask
    ) -> Answers:
        """Ask again about those sites whose newest version, or whose running one, has just become known."""
        asked = {each.key: each for each in questions}
        for _ in range(ROUNDS if self._sites else 0):
            again = [
                more
                for site in self._sites
                if (more := self._next(site, asked[site.pk], answers.heads[site.pk], seen[site.pk]))
            ]
            if not again:
                break
            asked |= {each.key: each for each in again}
            answers = _together(answers, ask(again))
        heads = dict(answers.heads)
        for site in self._sites:
            heads[site.pk] = self._judged(site, heads[site.pk])
        return replace(answers, heads=heads)

    def version_of(self, site: Site, observed: Observed) -> str:
        """Git's tag of what runs; empty where that is not known."""
        return self._name(site, observed.running_build) if isinstance(observed, Found) else ""

    def problem(self, site: Site, observed: Found, head: Head | HeadProblem) -> str:
        """Why the commit of what runs is not known, without a full stop; empty where it is, or could not be queried."""
        if not site.is_by_release or isinstance(head, HeadProblem):
            return ""
        unknown = next((each for each in _tokens(observed) if not self._name(site, each)), "")
        tag = unknown.removeprefix(BY_VERSION)
        return rules.no_tag(tag, _names(site, unknown), slug=_slug(site)) if unknown else ""

    def below(self, site: Site, head: Head | HeadProblem) -> tuple[rules.Version, ...]:
        """The versions besides a newest one without an image, and after what runs: those with its commit first, then of those below it."""
        seen = site.observation
        if isinstance(head, HeadProblem) or head.sha != seen.head_sha:
            return ()
        # What was the newest until now is not listed, and is built.
        was_built = seen.head_version and seen.head_image_built
        before = [rules.Version(name=seen.head_version, sha=head.sha)] if was_built else []
        present = rules.Version(name=head.tag, sha=head.sha, is_prerelease=False)
        found = rules.versions_of_each(
            (*head.versions.older, *before, present),
            [head.sha, *(each["sha"] for each in mainline_of(site))],
            pattern=site.tag_pattern,
            prereleases=site.prereleases,
        )
        known = self._known[site.owner, site.repository]
        return tuple(
            each for each in found if each.name != head.tag and known.get(each.name, each.sha) == each.sha
        )[:AT_MOST]

    def commits_below(self, site: Site) -> tuple[str, ...]:
        """Those of them that were known before this sync."""
        known = set(self._known[site.owner, site.repository].values()) if site.is_by_release else set()
        return tuple(each["sha"] for each in mainline_of(site) if each["sha"] in known)[:AT_MOST]

    def moved(self, site: Site) -> str:
        """That the newest version means another commit than it did, without a full stop; empty where it does not."""
        return self._moved.get(site.pk, "")

    def _next(
        self, site: Site, question: HeadQuestion, head: Head | HeadProblem, observed: Observed
    ) -> HeadQuestion | None:
        if isinstance(head, HeadProblem):
            is_gone = bool(question.tag) and isinstance(head.error, GitHubNotFound)
            return replace(question, tag="") if is_gone else None
        best = _newest(site, head)
        if best is None:
            return None
        self._learn(site, head, best, observed)
        found = self.resolve(site, observed)
        running, desired = (
            (found.running_tag, found.desired_tag) if isinstance(found, Found) else (question.running, "")
        )
        below = [each.sha for each in self.below(site, head) if each.sha != head.sha]
        more = replace(
            question,
            tag=best.name,
            running=running,
            desired="" if desired == running else desired,
            others=tuple(dict.fromkeys((*question.others, *below))),
        )
        return more if more != question else None

    def _learn(self, site: Site, head: Head, best: rules.Version, observed: Observed) -> None:
        """What was named in the question, the newest, what may take its place, and whatever of the listed has the tag of an image that was seen."""
        tags = {each.removeprefix(BY_VERSION) for each in _tokens(observed)}
        listed = {each.name: each.sha for each in head.versions.listed}
        seen = {name: sha for name, sha in listed.items() if _image_tag(site, name) in tags}
        below = {each.name: each.sha for each in reversed(self.below(site, head))}
        for name, sha in {**seen, **below, **(head.versions.named or {}), best.name: best.sha}.items():
            known = self._known[site.owner, site.repository]
            if name not in known:
                known[name] = sha
                row = PublishedVersion(owner=site.owner, repository=site.repository, name=name, sha=sha)
                row.first_seen_at = self._now
                self.new.append(row)

    def _judged(self, site: Site, head: Head | HeadProblem) -> Head | HeadProblem:
        """The head, or that there is no version; and whether the newest was moved."""
        if isinstance(head, HeadProblem):
            return head
        best = _newest(site, head)
        if best is None:
            message = rules.none_published(
                _slug(site), pattern=site.tag_pattern, prereleases=site.prereleases
            )
            return HeadProblem(key=site.pk, error=GitHubNotFound(message))
        first = self._known[site.owner, site.repository].get(head.tag, head.sha)
        if first != head.sha:
            self._moved[site.pk] = rules.moved(head.tag, before=first, now=head.sha)
        return head

    def _resolve_workload(self, site: Site, seen: WorkloadSeen) -> WorkloadSeen:
        containers = {name: self._commit(site, token) for name, token in (seen.containers or {}).items()}
        return replace(
            seen,
            running=self._commit(site, seen.running),
            asked=self._commit(site, seen.asked),
            containers=containers,
        )

    def _commit(self, site: Site, token: str) -> str:
        return self._known[site.owner, site.repository].get(self._name(site, token), "")

    def _name(self, site: Site, token: str) -> str:
        """The Git tag behind an image's tag: the likeliest of those known, else the latest; empty where none is."""
        known = self._known[site.owner, site.repository]
        likely = next((name for name in _names(site, token) if name in known), "")
        tag = token.removeprefix(BY_VERSION)
        return likely or next((name for name in reversed(known) if tag and _image_tag(site, name) == tag), "")


def question_by_release(site: Site, question: HeadQuestion) -> HeadQuestion:
    """The question about what is newest, of the version that was newest at the last sync; as it is for any other site."""
    if not site.is_by_release:
        return question
    return replace(question, tag=site.observation.head_version, versions=_asked(site))


def is_newest(site: Site, head: Head) -> bool:
    """Whether the queried version is still the newest; true for a site that is not by release."""
    best = _newest(site, head) if site.is_by_release else None
    return best is None or best.name == head.tag


def save_versions(new: Iterable[PublishedVersion]) -> None:
    """Runs one SQL query; none where nothing is new."""
    if rows := list(new):
        PublishedVersion.objects.bulk_create(rows, ignore_conflicts=True)


def _asked(site: Site, *named: str, older: bool = False) -> VersionQuestion:
    return VersionQuestion(
        pattern=site.tag_pattern, prereleases=site.prereleases, named=tuple(named), older=older
    )


def _newest(site: Site, head: Head) -> rules.Version | None:
    return rules.newest(head.versions.listed, pattern=site.tag_pattern, prereleases=site.prereleases)


def _names(site: Site, token: str) -> tuple[str, ...]:
    if not site.expected_repository:
        # Its template cannot be read.
        return ()
    inner = site.template.version_in(token.removeprefix(BY_VERSION)) if token else ""
    is_number = site.template.names_number
    return rules.git_tags(inner, is_number=is_number, pattern=site.tag_pattern) if inner else ()


def _image_tag(site: Site, name: str) -> str:
    """How the image of a version is tagged; empty where none can be."""
    image = site.image_of_version(name)
    return (image.tag or "") if image else ""


def _tokens(observed: Observed) -> tuple[str, ...]:
    """The images' tags that were seen of a site, each once."""
    if not isinstance(observed, Found):
        return ()
    seen = [observed.running_build or observed.running_tag, observed.desired_build or observed.desired_tag]
    for each in observed.workloads:
        seen += [each.running, each.asked, *(each.containers or {}).values()]
    return tuple(dict.fromkeys(each for each in seen if each.startswith(BY_VERSION)))


def _slug(site: Site) -> str:
    seen: Observation = site.observation
    return seen.name_with_owner or f"{site.owner}/{site.repository}"


def _together(first: Answers, more: Answers) -> Answers:
    return Answers(
        heads={**first.heads, **more.heads},
        requests=first.requests + more.requests,
        budget=more.budget or first.budget,
        limits={**first.limits, **more.limits},
    )
