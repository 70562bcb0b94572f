"""Asking for a sync."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from dashboard.access import acting_user, deployer_needed
from dashboard.views.frame import host_in_lower_case
from deployments.models import Site
from deployments.operations.sync_request import ask_for_sync


@require_POST
@deployer_needed
def sync(request: HttpRequest) -> HttpResponse:
    """Look at every site again."""
    ask_for_sync(by=acting_user(request), now=timezone.now())
    messages.success(request, "Looking at every site again. This page shows what is found.")
    return redirect("sites")


@require_POST
@host_in_lower_case
@deployer_needed
def sync_site(request: HttpRequest, host: str) -> HttpResponse:
    """Look at one site again."""
    site = get_object_or_404(Site, host=host)
    ask_for_sync(hosts=[site.host], by=acting_user(request), now=timezone.now())
    messages.success(request, f"Looking at {site.host} again. This page shows what is found.")
    return redirect("site", site.host)
