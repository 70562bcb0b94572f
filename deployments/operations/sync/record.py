"""Write what was observed, with a constant number of SQL statements."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from deployments.models import Observation, Site
from deployments.operations.sites.save import stands_for_the_same

_OURS_ALONE = frozenset({"site", "latest_deploy", "accepted_image", "provenance"})
_TIMES = frozenset({"github_observed_at", "cluster_observed_at"})
_BY_A_DEPLOY = ("repository_id", "running_sha", "desired_sha", "desired_image")
"""What a Deploy that ends writes, and a mapping that is saved: it is newer than what a sync saw that was running then."""
OBSERVED = [field.name for field in Observation._meta.concrete_fields if field.name not in _OURS_ALONE]  # noqa: SLF001
COMPARED = [name for name in OBSERVED if name not in _TIMES]
AT_ONCE = 500
_NEVER_SEEN = tuple(getattr(Observation(), name) for name in _BY_A_DEPLOY)


def changed_sites(sites: Iterable[Site], seen: Mapping[int, Observation]) -> list[Site]:
    """Return the sites of which something other than the time of checking has changed."""
    return [site for site in sites if _differs(site.observation, seen[site.pk])]


def record(
    sites: Iterable[Site], seen: Mapping[int, Observation], *, changed: Iterable[Site], now: datetime
) -> list[Site]:
    """Upsert the observations that changed; for the others write the time alone. Return the sites that are mapped as they were.

    `latest_deploy`, `accepted_image` and `provenance` are not written here: others write them, perhaps during the sync.
    """
    changed_keys = {site.pk for site in changed}
    same = (
        _record_changed([site for site in sites if site.pk in changed_keys], seen) if changed_keys else set()
    )
    unchanged: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for site in sites:
        if site.pk not in changed_keys:
            looked = tuple(name for name in sorted(_TIMES) if getattr(seen[site.pk], name) == now)
            unchanged[looked].append(site.pk)
    for looked, keys in unchanged.items():
        if looked:
            Observation.objects.filter(pk__in=keys).update(**dict.fromkeys(looked, now))
    return [site for site in sites if site.pk in same or site.pk not in changed_keys]


def _record_changed(sites: Sequence[Site], seen: Mapping[int, Observation]) -> set[int]:
    with transaction.atomic():
        same = _mapped_as_before(sites)
        _upsert([seen[key] for key in sorted(same)])
    return same


def _mapped_as_before(sites: Sequence[Site]) -> set[int]:
    """Keys of the sites whose mapping was not deleted, changed or saved again during the sync, and of which no Deploy has ended.

    They are locked until they are written. What was seen before is wrong for the others, for which a sync is queued.
    """
    mapped = Site.objects.select_for_update(no_key=True).filter(pk__in=[site.pk for site in sites])
    now = {site.pk: site for site in mapped.order_by("pk")}
    rows = Observation.objects.select_for_update(no_key=True).filter(pk__in=now).order_by("pk")
    present = {row[0]: row[1:] for row in rows.values_list("pk", *_BY_A_DEPLOY)}
    return {
        site.pk
        for site in sites
        if site.pk in now
        and stands_for_the_same(site, now[site.pk])
        and present.get(site.pk, _NEVER_SEEN)
        == tuple(getattr(site.observation, name) for name in _BY_A_DEPLOY)
    }


def _upsert(rows: Sequence[Observation]) -> None:
    Observation.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["site"], update_fields=OBSERVED, batch_size=AT_ONCE
    )
    if any(not row.accepted_image and row.desired_image for row in rows):
        # The first sync accepts what it finds; from then on any other image was set outside Headway.
        keys = [row.pk for row in rows]
        Observation.objects.filter(pk__in=keys, accepted_image="").update(accepted_image=F("desired_image"))


def _differs(before: Observation, after: Observation) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in COMPARED)
