"""Requesting a sync, and its result for each site."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import acting_user, deployer_needed, login_needed
from dashboard.timezones import now_for
from dashboard.views.frame import Live, found_or_404, name_in_lower_case, show
from deployments import queries
from deployments.models import Site, SyncRun
from deployments.operations.sync.request import request_sync


@require_POST
@deployer_needed
def sync(request: HttpRequest) -> HttpResponse:
    """Sync every site."""
    request_sync(by=acting_user(request), now=timezone.now())
    messages.success(request, "Sync started.")
    return redirect("sites")


@require_POST
@name_in_lower_case
@deployer_needed
def sync_site(request: HttpRequest, name: str) -> HttpResponse:
    """Sync one site."""
    site = get_object_or_404(Site, name=name)
    request_sync(names=[site.name], by=acting_user(request), now=timezone.now())
    messages.success(request, f"Sync of {site.name} started.")
    return redirect("site", site.name)


@require_safe
@login_needed
@found_or_404(SyncRun)
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """One sync; `?show=` narrows by what it made of the sites."""
    now, kind = now_for(request), request.GET.get("show", "")
    kind = kind if kind in tuple(queries.Kind) else ""
    page = queries.sync_page(pk=pk, kind=kind, now=now)
    live = Live("_sync.html")
    return show(request, "sync.html", live, system_status=page.system_status, now=now, page=page, kind=kind)
