"""A site's external links, and what its page says about each workload."""

from dataclasses import dataclass

from django.conf import settings

from deployments.facts import workloads_from_json
from deployments.queries import SitePage, SiteRow
from deployments.rules.outages import PodState
from deployments.rules.pod_list import ListedPod
from deployments.rules.site_workloads import in_words, seen_of
from deployments.rules.targets import WorkloadReference
from deployments.rules.web_pages import WebPage, commit_pages, console_page, image_page

_PASSING = frozenset({"Terminating", "Pending", "ContainerCreating", "PodInitializing"})


@dataclass(frozen=True)
class MappedPart:
    """One workload of the mapping."""

    reference: WorkloadReference
    found: str
    """What the last check found of it, in words."""
    has_problem: bool
    console: str
    """The address of its page in the cloud's console; empty without CONSOLE_LINK."""


def site_address(row: SiteRow) -> str:
    """Return the address of the site itself; empty where it has no host."""
    return f"https://{row.site.host}/" if row.site.host else ""


def pages_about(row: SiteRow) -> tuple[WebPage, ...]:
    """Return the pages with more about a site, the site itself first."""
    repository = f"{settings.GITHUB_URL.rstrip('/')}/{row.slug}"
    image = image_page(row.site.expected_repository)
    own = WebPage("Visit", site_address(row)) if row.site.host else None
    in_registry = WebPage("Image", image) if image else None
    seen = row.seen
    commits = commit_pages(
        repository, running=row.running_sha, head=seen.head_sha, headline=seen.head_headline
    )
    return tuple(each for each in (own, *commits, in_registry) if each)


def mapped_parts(row: SiteRow) -> tuple[MappedPart, ...]:
    """Return the site's workloads in the order of the mapping, each with what was found of it."""
    seen = workloads_from_json(row.seen.workloads)
    return tuple(
        MappedPart(
            reference=reference,
            found=in_words(found := seen_of(reference, seen)),
            has_problem=bool(found and found.problem),
            console=console_page(settings.CONSOLE_LINK, reference),
        )
        for reference in row.site.references
    )


def pods_shown(page: SitePage) -> tuple[ListedPod | PodState, ...]:
    """Return the pods that a worker listed when a person asked; else those that a sync saw of a site without a ready one."""
    return page.pods if page.pod_check.pods is None else page.pod_check.pods


def pod_style(pod: ListedPod | PodState) -> str:
    """Return the state whose shape and colour fit this pod."""
    if isinstance(pod, ListedPod) and pod.is_well:
        return "current"
    return "unknown" if pod.status in _PASSING else "failed"
