"""The sync itself: alone, recorded as a SyncRun, and one site's problem is only that site's reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Case, Exists, F, Func, OuterRef, Q, Subquery, When

from deployments.clients.clients import Clients
from deployments.locks import Lock, try_lock
from deployments.models import CommitRange, Observation, Site, SyncRun, Trigger
from deployments.operations.deploys.request import UnableToDeploy, request_deploy
from deployments.operations.deploys.waiting import move_on_where_ready
from deployments.operations.github_limits import remember
from deployments.operations.sync.attention import notify_what_waits, states_before
from deployments.operations.sync.decide import Decision, decide_all
from deployments.operations.sync.gather import Gathered, gather
from deployments.operations.sync.gather_builds import save_builds
from deployments.operations.sync.gather_versions import save_versions
from deployments.operations.sync.head_check import watch
from deployments.operations.sync.record import changed_sites, record
from deployments.queries import GOOD_ENOUGH
from deployments.queue import enqueue
from deployments.queue.broker import release_entries
from deployments.rules.autodeploy import Go, Stop
from deployments.rules.builds import CommitSource

MESSAGE_LENGTH = 500
_TEN = Func(
    F("mainline"), function="jsonb_path_query_array", template="%(function)s(%(expressions)s, '$[0 to 9]')"
)
_SEEKS_FAR = Q(commit_source=CommitSource.RELEASE) | ~Q(paths="")
DEAD_AFTER = timedelta(seconds=30)
"""A sync that was taken so long ago holds the lock, or is dead."""


class UnableToSync(Exception):
    """The sentence says why, and what to do."""


class AnotherAtWork(UnableToSync):
    """It may have checked before this one was requested."""


@dataclass(frozen=True)
class SyncReport:
    run: SyncRun
    decisions: tuple[Decision, ...]


def sync(
    *,
    clients: Clients,
    clock: Callable[[], datetime],
    names: Sequence[str] = (),
    trigger: str = "schedule",
    dry_run: bool = False,
    wait_seconds: float = 0,
) -> SyncReport:
    """Observe `names` (none named: every site), decide for each, and begin the Deploys that are due.

    With `dry_run` nothing is written, and what would have been done is returned.
    Raises UnableToSync where a site is not known, and AnotherAtWork where another sync is, for all of `wait_seconds`.
    """
    if dry_run:
        return _dry_run(clients, names, trigger, now=clock())
    with try_lock(Lock.SYNC, wait_seconds=wait_seconds) as alone:
        if not alone:
            raise AnotherAtWork("Another sync is running. Wait until it has ended.")
        return _sync_alone(clients, names, trigger, clock=clock)


def close_dead_runs(*, now: datetime) -> int:
    """Close the runs of dead workers; return their number. An active run holds the lock, and is left alone."""
    with try_lock(Lock.SYNC) as alone:
        if not alone:
            return 0
        return _close_dead_runs(now=now)


def take_up_dead_syncs(*, now: datetime) -> None:
    """Close the runs whose worker died, and let another worker take up what it had begun.

    One that died before its run was saved is recognised by its free lock, a while after it was taken.
    """
    with try_lock(Lock.SYNC) as is_nobody_at_work:
        closed = _close_dead_runs(now=now) if is_nobody_at_work else 0
    if is_nobody_at_work:
        release_entries(enqueue.SYNC, taken_ago=timedelta(0) if closed else DEAD_AFTER)


def prune_runs(*, before: datetime) -> int:
    """Throw away the runs that began before then; return their number. The last good one stays: pages show its age."""
    last_good = SyncRun.objects.filter(is_full=True, result__in=GOOD_ENOUGH).values("pk")[:1]
    old = SyncRun.objects.filter(started_at__lt=before).exclude(result=SyncRun.Result.RUNNING)
    return old.exclude(pk__in=Subquery(last_good)).delete()[0]


def _close_dead_runs(*, now: datetime) -> int:
    dead = SyncRun.objects.filter(result=SyncRun.Result.RUNNING)
    return dead.update(result=SyncRun.Result.FAILED, finished_at=now, message="The worker died while it ran.")


def _dry_run(clients: Clients, names: Sequence[str], trigger: str, *, now: datetime) -> SyncReport:
    sites = _sites(names)
    gathered = gather(sites, clients, now=now)
    run = SyncRun(started_at=now, trigger=trigger, is_full=not names, sites=len(sites))
    _count(run, gathered, changed_sites(sites, gathered.observations))
    return SyncReport(run, tuple(decide_all(sites, gathered.observations, now=now)))


def _sync_alone(
    clients: Clients, names: Sequence[str], trigger: str, *, clock: Callable[[], datetime]
) -> SyncReport:
    now = clock()
    sites = _sites(names)
    if any(site.has_dead_run for site in sites):  # type: ignore[attr-defined]  # annotated by _sites
        _close_dead_runs(now=now)
    run = SyncRun.objects.create(started_at=now, trigger=trigger, is_full=not names, sites=len(sites))
    try:
        gathered = gather(sites, clients, now=now)
        changed = changed_sites(sites, gathered.observations)
        remember(gathered.github.limits, gathered.pauses, now=now)
        save_builds(gathered.builds)
        save_versions(gathered.versions)
        before = states_before(changed, now=now)
        sites = record(sites, gathered.observations, changed=changed, now=now)
        _count(run, gathered, changed)
        decisions = tuple(_act(each, now=now) for each in decide_all(sites, gathered.observations, now=now))
        move_on_where_ready(sites, now=now)
        notify_what_waits(decisions, before)
        changed_keys = {site.pk for site in changed}
        watch((each.site for each in decisions if each.site.pk in changed_keys), now=now)
    except Exception as error:
        run.result, run.message = SyncRun.Result.FAILED, f"{type(error).__name__}: {error}"[:MESSAGE_LENGTH]
        run.finished_at = clock()
        run.save()
        raise
    _finish(run, decisions, now=clock())
    if any(each.lacks_commits for each in decisions):
        enqueue.fetch_commits()
    return SyncReport(run, decisions)


def _sites(names: Sequence[str]) -> Sequence[Site]:
    known = CommitRange.objects.filter(
        owner=OuterRef("owner"),
        repository=OuterRef("repository"),
        base=OuterRef("observation__running_sha"),
        head=OuterRef("observation__head_sha"),
    )
    query = (
        Site.objects.with_workloads()
        .select_related("observation__latest_deploy")
        .annotate(
            has_commits=Exists(known),
            # Of the few alone whose newest commit has no image; all of it where few commits have a version or touch the site's paths.
            mainline=Case(
                When(
                    Q(observation__head_image_built=False) & _SEEKS_FAR,
                    then=Subquery(known.values("mainline")[:1]),
                ),
                When(observation__head_image_built=False, then=Subquery(known.values(newest=_TEN)[:1])),
                default=None,
            ),
            # In the same statement rather than its own: the holder of the lock finds no other run alive.
            has_dead_run=Exists(SyncRun.objects.filter(result=SyncRun.Result.RUNNING)),
        )
    )
    sites = list(query.filter(name__in=names) if names else query)
    if missing := sorted(set(names) - {site.name for site in sites}):
        raise UnableToSync(f"No such site: {', '.join(missing)}.")
    unreachable = [Observation(site=site) for site in sites if not hasattr(site, "observation")]
    if unreachable:
        Observation.objects.bulk_create(unreachable, ignore_conflicts=True)
    return sites


def _act(decision: Decision, *, now: datetime) -> Decision:
    if not isinstance(decision.verdict, Go):
        return decision
    site = decision.site
    try:
        deploy = request_deploy(
            site=site,
            sha=decision.verdict.sha,
            seen_sha=site.observation.deployed_sha,
            requested_by=None,
            trigger=Trigger.SYNC,
            now=now,
        )
    except UnableToDeploy as refusal:
        return replace(decision, verdict=Stop(str(refusal)))
    except Site.DoesNotExist:
        return replace(decision, verdict=Stop("Its mapping was deleted during the sync."))
    return replace(decision, deploy=deploy)


def _count(run: SyncRun, gathered: Gathered, changed: Sequence[Site]) -> None:
    run.changed = len(changed)
    run.github_requests = gathered.github.requests
    if budget := gathered.github.budget:
        run.github_remaining, run.github_limit = budget.remaining, budget.limit
        run.github_resets_at = budget.resets_at
    run.registry_requests, run.cluster_requests = gathered.registry_requests, gathered.cluster_requests
    seen = gathered.observations.values()
    run.with_problems = sum(
        bool(each.github_problem or each.cluster_problem or each.registry_problem) for each in seen
    )


def _finish(run: SyncRun, decisions: Sequence[Decision], *, now: datetime) -> None:
    run.requested = sum(decision.deploy is not None for decision in decisions)
    run.decisions = {each.site.name: _as_json(each) for each in decisions}
    run.result = SyncRun.Result.WITH_PROBLEMS if run.with_problems else SyncRun.Result.GOOD
    if run.with_problems == run.sites > 0:
        run.result, run.message = SyncRun.Result.FAILED, "No site could be checked."
    run.finished_at = now
    run.save()


def _as_json(decision: Decision) -> list[str]:
    word = type(decision.verdict).__name__.lower()
    return [word, decision.reason, decision.answer.state.value, decision.problem]
