"""Saving a mapping from its forms: the same in the admin and on the page of our own."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.forms.models import BaseInlineFormSet

from deployments.mapping.site_form import SiteForm
from deployments.models import MappedWorkload, Site
from deployments.operations.doctor.request import request_mapping_check
from deployments.operations.sites.save import save_mapping
from deployments.queue import enqueue


def save_forms(
    *, form: SiteForm, workloads: BaseInlineFormSet, is_new: bool, by: User, now: datetime
) -> Site:
    """Save what valid forms say, with the audit, and let a worker check it."""
    site: Site = form.instance
    rows = sorted(_kept(workloads), key=lambda row: row.position)
    before: dict[str, Any] = {} if is_new else {name: form.initial.get(name) for name in form.changed_data}
    save_mapping(site=site, before=before, workloads=[row.reference for row in rows], by=by, now=now)
    request_mapping_check(site=site, now=now)
    enqueue.sync(names=[site.name], trigger="mapping")
    return site


def _kept(formset: BaseInlineFormSet) -> list[MappedWorkload]:
    """Return the rows that are filled in and not to be deleted."""
    forms = [each for each in formset.forms if each not in formset.deleted_forms]
    return [each.instance for each in forms if each.instance.pk or each.has_changed()]
