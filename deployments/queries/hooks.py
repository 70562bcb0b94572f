"""Received hooks, and what sites follow: for the doors, and for the administrators' page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from deployments.models import Deploy, HookDelivery, HookRefusal, HookToken, Site, SyncRun, Trigger
from deployments.rules.hooks.hint import Door, Hint
from deployments.rules.hooks.matching import Followed
from deployments.rules.times import in_zone

SHOWN = 15
_COLUMNS = (
    *("name", "owner", "repository", "branch", "image_template", "former_repository", "commit_source"),
    "tag_pattern",
)


def followed_by_sites(hint: Hint) -> list[Followed]:
    """What the sites follow that a hint may concern. Runs one SQL query; none where it concerns no site anyhow."""
    if hint.ignored or hint.everything:
        return []
    sites = Site.objects.order_by()
    if not hint.images:
        sites = sites.filter(of_repositories(hint.repositories))
    # Of columns: a storm of hooks spends its time on what Django does for whole rows.
    rows = sites.values_list(*_COLUMNS, "observation__branch", "observation__name_with_owner")
    return [
        _followed(Site(**dict(zip(_COLUMNS, mapped, strict=True))), branch or "", renamed or "")
        for *mapped, branch, renamed in rows
    ]


def of_repositories(repositories: Iterable[str]) -> Q:
    """The sites of these repositories; all of them where a repository's owner is not known."""
    found = Q(pk=None)
    for owner, slash, name in (each.rpartition("/") for each in repositories):
        if not slash:
            return Q()
        found |= Q(owner__iexact=owner, repository__iexact=name)
        found |= Q(observation__name_with_owner__iexact=f"{owner}/{name}")
    return found


def _followed(site: Site, default_branch: str, name_with_owner: str) -> Followed:
    names = {f"{site.owner}/{site.repository}", name_with_owner} - {""}
    return Followed(
        name=site.name,
        repositories=frozenset(name.lower() for name in names),
        branch=site.branch or default_branch,
        image_repositories=site.image_repositories,
        is_by_release=site.is_by_release,
        tag_pattern=site.tag_pattern,
    )


@dataclass(frozen=True)
class Delivery:
    """One message, and what came of it."""

    received_at: datetime
    summary: str
    message: str
    is_waiting: bool
    is_of_use: bool
    run: SyncRun | None = None
    """The first sync since that checked its sites."""
    deploys: tuple[Deploy, ...] = ()
    """What that sync began for them."""
    token_name: str = ""


@dataclass(frozen=True)
class DoorReport:
    door: Door
    last_at: datetime | None
    last_of_use_at: datetime | None
    """When it last concerned a site."""
    refused_at: datetime | None
    refusal: str
    deliveries: tuple[Delivery, ...] = field(repr=False)


def door_reports(*, now: datetime) -> tuple[DoorReport, ...]:
    """Of every door what came in last. Their times are in the time zone of `now`. Runs two SQL queries a door, and three."""
    newest = {door: _newest(door) for door in Door}
    refusals = {row.door: row for row in HookRefusal.objects.all()}
    since = _since([row for rows in newest.values() for row in rows], now=now)
    return tuple(_report(door, rows, refusals.get(door), since) for door, rows in newest.items())


def hook_tokens() -> list[HookToken]:
    """Those that may be used."""
    return list(HookToken.objects.filter(revoked_at=None))


def _newest(door: Door) -> list[HookDelivery]:
    return list(HookDelivery.objects.filter(door=door).select_related("token")[:SHOWN])


@dataclass(frozen=True)
class _Since:
    """The syncs and the Deploys that may have come of what is shown, in a time zone."""

    runs: Sequence[SyncRun]
    deploys: Sequence[Deploy]
    now: datetime

    def in_zone(self, moment: datetime) -> datetime:
        return in_zone(moment, self.now.tzinfo)


def _since(rows: Sequence[HookDelivery], *, now: datetime) -> _Since:
    if not rows:
        return _Since((), (), now)
    first = min(row.received_at for row in rows)
    runs = SyncRun.objects.filter(started_at__gte=first).order_by("id")
    deploys = Deploy.objects.filter(requested_at__gte=first, trigger=Trigger.SYNC).select_related("site")
    return _Since(list(runs), list(deploys.order_by("id")), now)


def _report(
    door: Door, rows: Sequence[HookDelivery], refusal: HookRefusal | None, since: _Since
) -> DoorReport:
    of_use = HookDelivery.objects.filter(door=door).exclude(state=HookDelivery.State.NOTHING).first()
    return DoorReport(
        door=door,
        last_at=since.in_zone(rows[0].received_at) if rows else None,
        last_of_use_at=since.in_zone(of_use.received_at) if of_use else None,
        refused_at=since.in_zone(refusal.at) if refusal else None,
        refusal=refusal.message if refusal else "",
        deliveries=tuple(_delivery(row, since) for row in rows),
    )


def _delivery(row: HookDelivery, since: _Since) -> Delivery:
    is_of_use = row.state != HookDelivery.State.NOTHING
    run = next((run for run in since.runs if is_of_use and _checked(run, row)), None)
    return Delivery(
        received_at=since.in_zone(row.received_at),
        summary=row.summary,
        message=row.message,
        is_waiting=is_of_use and run is None,
        is_of_use=is_of_use,
        run=run,
        deploys=tuple(each for each in since.deploys if run and _began(run, row, each)),
        token_name=row.token.name if row.token else "",
    )


def _checked(run: SyncRun, row: HookDelivery) -> bool:
    if run.started_at < row.received_at:
        return False
    return run.is_full if row.everything else run.is_full or set(row.sites) <= set(run.decisions or ())


def _began(run: SyncRun, row: HookDelivery, deploy: Deploy) -> bool:
    is_its = row.everything or deploy.site.name in row.sites
    return is_its and run.started_at <= deploy.requested_at <= (run.finished_at or deploy.requested_at)
