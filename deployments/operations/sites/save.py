"""What changed in a mapping, in words, into the audit; and what follows from it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from deployments.models import AuditEvent, Observation, Site
from deployments.models.site import OBSERVED_BY, RUNS_BY
from deployments.operations import audit


def stands_for_the_same(before: Site, after: Site) -> bool:
    """Whether what was seen of a site when its mapping was as `before` is true of it `after`."""
    return all(getattr(before, name) == getattr(after, name) for name in OBSERVED_BY)


def save_mapping(
    *,
    site: Site,
    before: Mapping[str, Any],
    by: User | None,
    by_name: str = audit.HEADWAY,
    former_repository: str = "",
    now: datetime,
) -> None:
    """Save a new or a changed mapping; `before` are the changed fields as they were, none where it is new.

    `by_name` is who did it where that is no user. Where it now stands for something else, what is found there is taken for right again, and images are
    this site's that lie where its mapping says, or in `former_repository`.
    """
    with transaction.atomic():
        is_new = site._state.adding  # noqa: SLF001  Django's documented way to ask
        if stands_for_another := not is_new and bool(RUNS_BY & before.keys()):
            site.former_repository = former_repository
        site.save()
        if stands_for_another:
            Observation.objects.filter(site=site).update(accepted_image="", requested_image="")
        # Whoever saves the mapping has looked at the repository that bears its name now.
        Observation.objects.filter(site=site).update(repository_id=None)
        message = f"Added the mapping of {site.host}." if is_new else _changes(site, before)
        if message:
            audit.record(AuditEvent.Kind.MAPPING, message, by=by, by_name=by_name, site=site, now=now)


def delete_mapping(*, site: Site, by: User, now: datetime) -> None:
    """Delete a mapping with its history; the audit keeps its host."""
    with transaction.atomic():
        slug, workload = f"{site.owner}/{site.repository}", f"{site.namespace}/{site.deployment}"
        message = f"Deleted the mapping of {site.host}: {slug} to {workload}."
        audit.record(AuditEvent.Kind.MAPPING, message, by=by, site=site, now=now)
        site.delete()


def turn_auto_deploy(*, sites: list[Site], on: bool, by: User, now: datetime) -> int:
    """Turn auto-deploy on or off where it is not so yet; return for how many."""
    return _turn("auto_deploy", "auto-deploy", sites=sites, on=on, by=by, now=now)


def turn_host_check(*, sites: list[Site], on: bool, by: User, now: datetime) -> int:
    """Turn the check of the host's answer on or off where it is not so yet; return for how many."""
    return _turn("check_enabled", "the host check", sites=sites, on=on, by=by, now=now)


def _turn(field: str, called: str, *, sites: list[Site], on: bool, by: User, now: datetime) -> int:
    with transaction.atomic():
        changed = [site for site in sites if getattr(site, field) != on]
        Site.objects.filter(pk__in=[site.pk for site in changed]).update(**{field: on})
        for site in changed:
            message = f"Turned {called} {_spoken(value=on)}, together with {len(changed) - 1} more."
            audit.record(AuditEvent.Kind.MAPPING, message, by=by, site=site, now=now)
    return len(changed)


def _changes(site: Site, before: Mapping[str, Any]) -> str:
    parts = [
        f"{Site._meta.get_field(name).verbose_name} from {_spoken(value=was)} to {_spoken(value=getattr(site, name))}"  # type: ignore[union-attr]  # noqa: SLF001  Django's documented Meta API
        for name, was in before.items()
        if was != getattr(site, name)
    ]
    return f"Changed {', '.join(parts)}." if parts else ""


def _spoken(*, value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value) if value not in {"", None} else "nothing"
