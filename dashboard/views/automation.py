"""The switches on a site's page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from dashboard.access import acting_user, admin_needed
from dashboard.accounts.reauthentication import authentication_of
from dashboard.forms import SwitchForm, first_error
from dashboard.views.frame import name_in_lower_case
from deployments.models import Site
from deployments.operations.sites.automation import SWITCHES, switch


@require_POST
@name_in_lower_case
@admin_needed
def switch_automation(request: HttpRequest, name: str) -> HttpResponse:
    """Turn auto-deploy or auto-rollback on or off."""
    site, form = get_object_or_404(Site, name=name), SwitchForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return redirect("site", name)
    which, state = form.cleaned_data["switch"].split()
    switch(
        site=site,
        name=which,
        on=state == "on",
        by=acting_user(request),
        authentication=authentication_of(request),
        now=timezone.now(),
    )
    messages.success(request, f"Turned {SWITCHES[which]} {state}.")
    return redirect("site", name)
