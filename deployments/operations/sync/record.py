"""Write what was observed, with a number of statements that does not grow with the sites."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import F

from deployments.models import Observation, Site

_OURS_ALONE = frozenset({"site", "latest_deploy", "accepted_image"})
_TIMES = frozenset({"github_observed_at", "cluster_observed_at"})
OBSERVED = [field.name for field in Observation._meta.concrete_fields if field.name not in _OURS_ALONE]  # noqa: SLF001
COMPARED = [name for name in OBSERVED if name not in _TIMES]
AT_ONCE = 500


def changed_sites(sites: Iterable[Site], seen: Mapping[int, Observation]) -> list[Site]:
    """Return the sites of which something else than the time of looking has changed."""
    return [site for site in sites if _differs(site.observation, seen[site.pk])]


def record(
    sites: Iterable[Site], seen: Mapping[int, Observation], *, changed: Iterable[Site], now: datetime
) -> None:
    """Upsert the observations that changed; for the others write the time alone.

    `latest_deploy` and `accepted_image` are not written here: somebody may have deployed while we looked.
    """
    changed_keys = {site.pk for site in changed}
    # A mapping deleted meanwhile must not take the others' rows down with it.
    alive = (
        set(Site.objects.filter(pk__in=changed_keys).values_list("pk", flat=True)) if changed_keys else set()
    )
    rows = [seen[key] for key in sorted(alive)]
    Observation.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["site"], update_fields=OBSERVED, batch_size=AT_ONCE
    )
    if any(not row.accepted_image and row.desired_image for row in rows):
        # The first look takes what it finds for right; from then on another image is somebody else's doing.
        Observation.objects.filter(pk__in=alive, accepted_image="").update(accepted_image=F("desired_image"))
    unchanged: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for site in sites:
        if site.pk not in changed_keys:
            looked = tuple(name for name in sorted(_TIMES) if getattr(seen[site.pk], name) == now)
            unchanged[looked].append(site.pk)
    for looked, keys in unchanged.items():
        if looked:
            Observation.objects.filter(pk__in=keys).update(**dict.fromkeys(looked, now))


def _differs(before: Observation, after: Observation) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in COMPARED)
