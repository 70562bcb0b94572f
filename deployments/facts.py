"""From rows to the facts that rules judge by: shared by pages and the sync."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta, tzinfo
from statistics import median
from typing import Any, Self

from django.db.models import F
from django.db.models.functions import JSONObject

from deployments.models import ACTIVE_STATUSES, Deploy, Hold, Kind, Observation, Site, Status, Trigger
from deployments.rules.findings import hold_message, hold_subject
from deployments.rules.outages import PodState
from deployments.rules.permissions import NamespaceMapping
from deployments.rules.pod_list import ListedPod
from deployments.rules.provenance import Attestation, Provenance
from deployments.rules.site_state import CheckState, DeployFacts, HoldFacts, SiteFacts
from deployments.rules.site_workloads import WorkloadSeen
from deployments.rules.times import EARLIEST, in_zone, parse_time

STALE_AFTER_MISSED_SYNCS = 2


@dataclass(frozen=True, kw_only=True)
class StandingHold:
    """A Hold that is neither resumed nor over."""

    id: int
    site_id: int | None
    """None: it applies to everything."""
    sha: str
    """Empty: it applies to every commit."""
    reason: str
    by: str
    placed_at: datetime
    until: datetime | None

    @property
    def facts(self) -> HoldFacts:
        """The same as rules judge by."""
        return HoldFacts(
            reason=self.reason, by=self.by, sha=self.sha, until=self.until, everything=self.site_id is None
        )

    @property
    def subject(self) -> str:
        return hold_subject(self.facts)

    @property
    def message(self) -> str:
        return hold_message(self.facts)

    AS_JSON = JSONObject(
        id="id",
        site_id="site_id",
        sha="sha",
        reason="reason",
        by="placed_by_name",
        placed_at="placed_at",
        until="until",
    )

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read what AS_JSON made of a row."""
        placed_at, until = values.pop("placed_at"), values.pop("until")
        return cls(
            **values,
            placed_at=parse_time(placed_at) or EARLIEST,
            until=parse_time(until),
        )

    @classmethod
    def all(cls, *, now: datetime) -> tuple[Self, ...]:
        """Read every one, newest first. Runs one SQL query."""
        rows = Hold.objects.standing(now=now).values(
            "id", "site_id", "sha", "reason", "placed_at", "until", by=F("placed_by_name")
        )
        return tuple(cls(**row) for row in rows)


def stale_after(interval: timedelta) -> timedelta:
    """How old an observation may be: two syncs missed, and a little for the sync itself."""
    return STALE_AFTER_MISSED_SYNCS * interval + timedelta(minutes=5)


def site_facts(
    site: Site, *, holds: Iterable[StandingHold], sha: str = "", zone: tzinfo | None = UTC
) -> SiteFacts:
    """Fold a site, its observation, its newest Deploy and the standing Holds on anything into one value.

    The Hold is the one that stops `sha`, or what a Deploy of the newest would run where no commit is named. Times in sentences are in `zone`.
    No statement is made when `site` was read with `observation__latest_deploy`.
    """
    seen: Observation | None = getattr(site, "observation", None)
    if seen is None:
        return SiteFacts(
            name=site.name,
            expected_repository=site.expected_repository,
            former_repository=site.former_repository,
        )
    latest = _deploy_facts(seen.latest_deploy)
    is_active = seen.latest_deploy is not None and seen.latest_deploy.status in ACTIVE_STATUSES
    return SiteFacts(
        name=site.name,
        head_sha=seen.head_sha,
        head_version=seen.head_version if site.is_by_release else "",
        running_version=seen.running_version if site.is_by_release else "",
        check_state=CheckState(seen.check_state),
        check_problem=seen.check_problem,
        behind_by=seen.behind_by,
        ahead_by=seen.ahead_by,
        has_paths=bool(site.paths),
        left_out=None if (left_out := seen.left_out_of(site.paths)) is None else len(left_out),
        github_observed_at=seen.github_observed_at,
        github_problem=seen.github_problem,
        repository_missing=seen.repository_missing,
        github_refused=seen.github_refused,
        running_is_unknown=seen.running_is_unknown,
        head_image_built=seen.head_image_built,
        head_seen_at=seen.head_seen_at,
        usual_build=timedelta(seconds=median(seen.build_seconds)) if seen.build_seconds else None,
        awaited_sha=seen.awaited_sha,
        awaited_check_state=CheckState(seen.awaited_check_state),
        awaited_seen_at=parse_time((seen.asked_below or {}).get(seen.awaited_sha, "")),
        built_sha=seen.ready_below,
        built_version=seen.built_version if site.is_by_release else "",
        built_check_state=CheckState(seen.built_check_state),
        registry_problem=seen.registry_problem,
        build_problem=seen.build_problem,
        expected_repository=site.expected_repository,
        former_repository=site.former_repository,
        desired_image=seen.desired_image,
        requested_image=seen.requested_image,
        running_sha=seen.running_sha,
        desired_sha=seen.desired_sha,
        desired_by=seen.desired_by,
        desired_at=seen.desired_at and in_zone(seen.desired_at, zone),
        accepted_image=seen.accepted_image,
        ready=seen.ready,
        wanted=seen.wanted,
        outage_reason=seen.outage_reason,
        outage_message=seen.outage_message,
        unmapped=seen.unmapped,
        cluster_observed_at=seen.cluster_observed_at,
        cluster_problem=seen.cluster_problem,
        workload_missing=seen.workload_missing,
        active=latest if is_active else None,
        last=None if is_active else latest,
        hold=hold_on(site, sha=sha or seen.target_sha, holds=holds),
        mapped=tuple(str(each) for each in site.references),
        workloads=workloads_from_json(seen.workloads),
    )


def namespace_mappings(sites: Iterable[Site]) -> list[NamespaceMapping]:
    """Return what sites name in each namespace, in the order of the namespaces' names."""
    names: dict[str, dict[str, set[str]]] = {}
    release_jobs: dict[str, set[str]] = {}
    for site in sites:
        references = site.references
        for each in references:
            names.setdefault(each.namespace, {}).setdefault(each.kind, set()).add(each.name)
        if site.release_job and references:
            release_jobs.setdefault(references[0].namespace, set()).add(site.release_job)
    return [
        NamespaceMapping(
            namespace=namespace, names=names[namespace], release_jobs=release_jobs.get(namespace, set())
        )
        for namespace in sorted(names)
    ]


def hold_on(site: Site, *, sha: str, holds: Iterable[StandingHold]) -> HoldFacts | None:
    """Return the widest standing Hold that stops `sha` on this site: everything, then the site, then the commit."""
    matching = [
        hold for hold in holds if hold.site_id is None or (hold.site_id == site.pk and hold.sha in ("", sha))
    ]
    if not matching:
        return None
    widest = min(matching, key=lambda hold: (hold.site_id is not None, bool(hold.sha), -hold.id))
    return widest.facts


def stopping_holds(
    site: Site, *, kind: Kind | str, sha: str, holds: Iterable[StandingHold]
) -> tuple[StandingHold, ...]:
    """Return those of the standing Holds that stop what would run `sha` on this site in that way.

    A Hold stops what ships newer commits. The way back stays open: a restart passes every Hold, and a rollback all but one
    on the very commit that it would run, unless that one is ahead of what runs.
    """
    if kind == Kind.RESTART:
        return ()
    if kind == Kind.DEPLOY or _is_ahead(site, sha):
        return tuple(holds)
    return tuple(hold for hold in holds if hold.sha)


def passed_hold(site: Site, *, kind: Kind | str, sha: str, holds: Iterable[StandingHold]) -> HoldFacts | None:
    """Return the widest Hold that stops a Deploy of `sha`, and does not stop this; None also where one stops it."""
    holds = tuple(holds)
    stopping = stopping_holds(site, kind=kind, sha=sha, holds=holds)
    return None if hold_on(site, sha=sha, holds=stopping) else hold_on(site, sha=sha, holds=holds)


def _is_ahead(site: Site, sha: str) -> bool:
    """Whether this commit is known to come after the one that runs: it is the head, or what is built or waited for below it, and that one lacks commits of it."""
    seen: Observation | None = getattr(site, "observation", None)
    if seen is None or sha not in {seen.head_sha, seen.newest_sha, seen.target_sha}:
        return False
    return bool(seen.behind_by) and not seen.ahead_by


def _deploy_facts(deploy: Deploy | None) -> DeployFacts | None:
    if deploy is None:
        return None
    return DeployFacts(
        id=deploy.pk,
        sha=deploy.sha,
        status=deploy.status,
        message=deploy.message,
        finished_at=deploy.finished_at,
        patched_at=deploy.patched_at,
        from_sha=deploy.from_sha,
        automatic=deploy.trigger == Trigger.SYNC,
        reason=deploy.reason,
        is_rollback=deploy.kind == Kind.ROLLBACK,
        is_failure=deploy.status in Status.FAILURES,
    )


def provenance_as_json(found: Provenance) -> dict[str, Any]:
    """As Observation.provenance holds it."""
    at = found.first_asked_at
    return asdict(found) | {"first_asked_at": at and at.isoformat()}


def provenance_from_json(row: dict[str, Any] | None) -> Provenance | None:
    """What provenance_as_json made."""
    if row is None:
        return None
    attestation = row["attestation"] and Attestation(**row["attestation"])
    times = {"first_asked_at": parse_time(row["first_asked_at"] or "")}
    return Provenance(**row | times | {"attestation": attestation})


def slugs_of(site: Site) -> tuple[str, ...]:
    """What the site's repository is called: by its mapping, and by GitHub where that is another name."""
    ours, seen = f"{site.owner}/{site.repository}", getattr(site, "observation", None)
    return (ours, seen.name_with_owner) if seen and seen.name_with_owner else (ours,)


def workloads_as_json(workloads: Iterable[WorkloadSeen]) -> list[dict[str, Any]]:
    """As Observation.workloads holds them."""
    return [asdict(each) for each in workloads]


def workloads_from_json(rows: Iterable[dict[str, Any]] | None) -> tuple[WorkloadSeen, ...]:
    """The inverse of workloads_as_json; fields from an older or a newer release are ignored."""
    known = {each.name for each in fields(WorkloadSeen)}
    return tuple(
        WorkloadSeen(**{name: value for name, value in row.items() if name in known}) for row in rows or ()
    )


def pods_as_json(pods: Iterable[PodState]) -> list[dict[str, Any]]:
    """As Observation.outage_pods holds them."""
    return [asdict(pod) | {"created_at": pod.created_at and pod.created_at.isoformat()} for pod in pods]


def listed_pods_as_json(pods: Iterable[ListedPod]) -> list[dict[str, Any]]:
    """As PodCheck.pods holds them."""
    return [asdict(pod) | {"created_at": pod.created_at and pod.created_at.isoformat()} for pod in pods]


def listed_pods_from_json(rows: Iterable[dict[str, Any]] | None) -> tuple[ListedPod, ...]:
    """What listed_pods_as_json made."""
    return tuple(ListedPod(**row | {"created_at": parse_time(row["created_at"])}) for row in rows or ())


def pods_from_json(rows: Iterable[dict[str, Any]] | None) -> tuple[PodState, ...]:
    """What pods_as_json made."""
    return tuple(PodState(**row | {"created_at": parse_time(row["created_at"])}) for row in rows or ())
