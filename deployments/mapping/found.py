"""What the last check of a mapping found, in words, beside the fields that say where to look."""

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from deployments.facts import workloads_from_json
from deployments.mapping.check import ago, findings_about, is_problem, is_unanswered
from deployments.mapping.check import in_words as answer_in_words
from deployments.models import MappedWorkload, Observation, Site
from deployments.rules.site_workloads import WorkloadSeen, in_words, seen_of
from deployments.rules.wording import counted, sentences

PENDING = "Not checked yet."


def workload_found(workload: MappedWorkload) -> SafeString:
    """What was found of one workload by the last sync, and when its mapping was saved."""
    site, reference = workload.site, workload.reference
    observation = _observation(site)
    seen = seen_of(reference, _workloads(observation))
    answered = findings_about(site, reference.place)
    if seen is None and not answered:
        # One right that is missing hides every workload of its kind.
        return _live(f"found-{workload.pk}", sentences(observation.cluster_problem or PENDING))
    # What the sync saw is newer, and says the same.
    unsaid = [each for each in answered if seen is None or (is_problem(each) and not seen.problem)]
    found = format_html(
        "<span{}>{}</span>", " data-problem" if seen and seen.problem else "", in_words(seen) if seen else ""
    )
    parts = format_html("{} {}", found, answer_in_words(site, unsaid))
    return _live(f"found-{workload.pk}", parts)


def mapping_found(site: Site) -> SafeString:
    """What was found on GitHub and in the cluster, and when, and what kept either from being read."""
    seen = _observation(site)
    lines = (("GitHub", _on_github(seen)), ("Cluster", _in_the_cluster(seen)))
    rows = format_html_join("", "<li>{}: {}</li>", lines)
    return _live(
        "found", format_html("<ul>{}</ul>", rows), is_pending=is_pending(seen) or is_unanswered(site)
    )


def is_pending(seen: Observation) -> bool:
    """Whether the mapping was saved, and has not been checked since."""
    return seen.workloads is None and not seen.cluster_problem


def _on_github(seen: Observation) -> str:
    if seen.github_problem:
        return sentences(seen.github_problem)
    if seen.github_observed_at is None:
        return PENDING
    branch = f", branch {seen.branch}" if seen.branch else ""
    return f"{seen.name_with_owner or 'the repository'}{branch}. Checked {ago(seen.github_observed_at)}."


def _in_the_cluster(seen: Observation) -> str:
    if seen.cluster_problem:
        return sentences(seen.cluster_problem)
    if seen.workloads is None or seen.cluster_observed_at is None:
        return PENDING
    found = [each for each in _workloads(seen) if not each.problem]
    message = seen.workload_missing or f"Found {counted(len(found), 'workload')}"
    return sentences(message, f"Checked {ago(seen.cluster_observed_at)}")


def _workloads(seen: Observation) -> tuple[WorkloadSeen, ...]:
    return workloads_from_json(seen.workloads)


def _observation(site: Site) -> Observation:
    return getattr(site, "observation", None) or Observation(site=site)


def _live(key: str, message: str, *, is_pending: bool = False) -> SafeString:
    """An element that mapping_check.js reads again for as long as a check is pending."""
    return format_html(
        '<div id="{}" data-live{}>{}</div>', key, " data-pending" if is_pending else "", message
    )
