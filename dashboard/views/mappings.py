"""Mappings: added, edited and deleted on pages that fit a phone."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from dashboard.access import acting_user, mapping_editor_needed
from dashboard.accounts.reauthentication import ask_before_typing, ask_for_check
from dashboard.mapping_forms import MappingForms
from dashboard.views.frame import name_in_lower_case
from deployments.mapping.check import findings_in, is_problem, wait_for_answer
from deployments.mapping.save import save_forms
from deployments.models import MappingCheck, Site
from deployments.operations.sites.save import delete_mapping
from deployments.queries import lost_with
from deployments.rules.wording import counted

WHY = "Changes here need a recent sign-in."
reads_and_writes = require_http_methods(["GET", "HEAD", "POST"])


@reads_and_writes
@mapping_editor_needed("add_site")
def add_mapping(request: HttpRequest) -> HttpResponse:
    """Add a site."""
    return _edit(request, Site(), called="")


@reads_and_writes
@name_in_lower_case
@mapping_editor_needed("change_site")
def edit_mapping(request: HttpRequest, name: str) -> HttpResponse:
    """Edit a site's mapping; an address may fill in what a drifted site's page suggests."""
    return _edit(request, get_object_or_404(Site, name=name), called=name)


@reads_and_writes
@name_in_lower_case
@mapping_editor_needed("delete_site")
def delete(request: HttpRequest, name: str) -> HttpResponse:
    """Ask, then delete a mapping with its history."""
    site = get_object_or_404(Site, name=name)
    if request.method != "POST":
        lost = lost_with(site, now=timezone.now())
        return render(request, "mapping_delete.html", {"site": site, "lost": lost})
    if asked := ask_for_check(request, WHY):
        return asked
    delete_mapping(site=site, by=acting_user(request), now=timezone.now())
    messages.success(request, f"Deleted the mapping of {name}. Nothing was changed in the cluster.")
    return redirect("sites")


def _edit(request: HttpRequest, site: Site, *, called: str) -> HttpResponse:
    ask = ask_for_check if request.method == "POST" else ask_before_typing
    if asked := ask(request, WHY):
        return asked
    forms = MappingForms(request, site)
    if request.method == "POST" and forms.is_valid():
        return _save(request, forms)
    return render(request, "mapping.html", {"forms": forms, "called": called})


def _save(request: HttpRequest, forms: MappingForms) -> HttpResponse:
    """Save, then wait shortly for a worker's answer: no worker sees the mapping before it is committed."""
    now = timezone.now()
    with transaction.atomic():
        site = save_forms(
            form=forms.site,
            workloads=forms.workloads,
            is_new=forms.is_new,
            by=acting_user(request),
            now=now,
        )
    return _with_answer(request, site, wait_for_answer(site.pk, now=now))


def _with_answer(request: HttpRequest, site: Site, check: MappingCheck | None) -> HttpResponse:
    """Say what the worker found; where something is not there, the form is shown again, with a sentence beside each field."""
    form = reverse("edit-mapping", args=[site.name])
    if check is None:
        message = 'Saved. A worker checks the mapping now. <a href="{}">See what it finds</a>'
        messages.success(request, format_html(message, form))
    elif problems := sum(map(is_problem, findings_in(check))):
        message = f"Saved. The check found {counted(problems, 'problem')}. Each is beside its field."
        messages.warning(request, message)
        return redirect(form)
    else:
        messages.success(request, "Saved. The repository, branch, workloads and image are there.")
    return redirect("site", site.name)
