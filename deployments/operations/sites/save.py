"""Record what changed in a mapping, in words, in the audit log; and apply what follows from it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from deployments.models import AuditEvent, MappedWorkload, Observation, Site
from deployments.models.site import OBSERVED_BY, RUNS_BY
from deployments.operations import audit
from deployments.rules.targets import WorkloadReference, format_references


def stands_for_the_same(before: Site, after: Site) -> bool:
    """Whether what was seen of a site when its mapping was as `before` is true of it `after`."""
    fields = OBSERVED_BY - {"workloads"}
    is_same = all(getattr(before, name) == getattr(after, name) for name in fields)
    return is_same and before.references == after.references


def save_mapping(
    *,
    site: Site,
    before: Mapping[str, Any],
    workloads: Sequence[WorkloadReference] | None = None,
    by: User | None,
    by_name: str = audit.HEADWAY,
    former_repository: str = "",
    now: datetime,
) -> None:
    """Save a new or a changed mapping; `before` are the changed fields as they were, none where it is new.

    `workloads` are all that the site maps, in their order; None: as before. `by_name` is who did it where that is not a user. Where it now maps something else, what is found there is accepted again, and images are
    this site's that lie where its mapping says, or in `former_repository`.
    """
    with transaction.atomic():
        is_new = site._state.adding  # noqa: SLF001  Django's documented way to ask
        if workloads is not None and not is_new and (were := site.references) != tuple(workloads):
            before = {**before, "workloads": format_references(were)}
        if stands_for_another := not is_new and bool(RUNS_BY & before.keys()):
            site.former_repository = former_repository
        site.save()
        if is_new or "workloads" in before:
            save_workloads(site, workloads or ())
        if not is_new and OBSERVED_BY & before.keys():
            # Other images, or another branch: those were not queried yet.
            Observation.objects.filter(site=site).update(built_sha="", asked_below=None, branch_has_ci=False)
        if stands_for_another:
            Observation.objects.filter(site=site).update(accepted_image="", requested_image="")
        if OBSERVED_BY & before.keys():
            # Nothing is known of the workloads until they have been checked with the new mapping.
            Observation.objects.filter(site=site).update(workloads=None)
        # The person who saves the mapping means the repository that has this name now.
        Observation.objects.filter(site=site).update(repository_id=None)
        message = f"Added the mapping of {site.name}." if is_new else _changes(site, before)
        if message:
            audit.record(AuditEvent.Kind.MAPPING, message, by=by, by_name=by_name, site=site, now=now)


def check_workloads(site: Site, references: Sequence[WorkloadReference]) -> None:
    """Raise ValidationError where one is not a workload's name, or another site maps it already."""
    for row in _rows(site, references):
        row.full_clean(exclude=["site"], validate_constraints=False)


def save_workloads(site: Site, references: Sequence[WorkloadReference]) -> None:
    """Map the site to these, in this order, and no others; a workload that it maps already keeps its row."""
    rows, present = _rows(site, references), {row.is_of: row.pk for row in site.workloads.all()}
    for row in rows:
        row.pk = present.get(row.is_of)
    site.workloads.exclude(pk__in=[row.pk for row in rows if row.pk]).delete()
    MappedWorkload.objects.bulk_update([row for row in rows if row.pk], fields=("containers", "position"))
    MappedWorkload.objects.bulk_create([row for row in rows if not row.pk])
    vars(site).pop("workload_rows", None)


def _rows(site: Site, references: Sequence[WorkloadReference]) -> list[MappedWorkload]:
    return [
        MappedWorkload(
            site=site,
            kind=each.kind.value,
            namespace=each.namespace,
            name=each.name,
            containers=list(each.containers),
            position=position,
        )
        for position, each in enumerate(references)
    ]


def delete_mapping(*, site: Site, by: User, now: datetime) -> None:
    """Delete a mapping with its history; the audit keeps its name."""
    with transaction.atomic():
        slug, workloads = f"{site.owner}/{site.repository}", format_references(site.references)
        message = f"Deleted the mapping of {site.name}: {slug} to {workloads or 'no workload'}."
        audit.record(AuditEvent.Kind.MAPPING, message, by=by, site=site, now=now)
        site.delete()


def turn_auto_deploy(*, sites: list[Site], on: bool, by: User, now: datetime) -> int:
    """Turn auto-deploy on or off where it is not so yet; return for how many."""
    return _turn("auto_deploy", "auto-deploy", sites=sites, on=on, by=by, now=now)


def turn_host_check(*, sites: list[Site], on: bool, by: User, now: datetime) -> int:
    """Turn the health check on or off where it is not so yet; return for how many."""
    return _turn("check_enabled", "the health check", sites=sites, on=on, by=by, now=now)


def _turn(field: str, called: str, *, sites: list[Site], on: bool, by: User, now: datetime) -> int:
    with transaction.atomic():
        changed = [site for site in sites if getattr(site, field) != on]
        Site.objects.filter(pk__in=[site.pk for site in changed]).update(**{field: on})
        for site in changed:
            message = f"Turned {called} {_spoken(value=on)}, together with {len(changed) - 1} more."
            audit.record(AuditEvent.Kind.MAPPING, message, by=by, site=site, now=now)
    return len(changed)


def _changes(site: Site, before: Mapping[str, Any]) -> str:
    now = {name: getattr(site, name) for name in before if name != "workloads"}
    if "workloads" in before:
        now["workloads"] = format_references(site.references)
    parts = [
        f"{_called(name).capitalize()}: {_spoken(value=was)} → {_spoken(value=now[name])}"
        for name, was in before.items()
        if was != now[name]
    ]
    return f"{'; '.join(parts)}." if parts else ""


def _called(name: str) -> str:
    return name if name == "workloads" else str(Site._meta.get_field(name).verbose_name)  # type: ignore[union-attr]  # noqa: SLF001  Django's documented Meta API


def _spoken(*, value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value) if value not in {"", None} else "(default)"
