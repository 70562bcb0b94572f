"""Adding the first sites, and new ones later: what a worker found, selected and corrected by an administrator."""

from collections.abc import Callable, Sequence
from functools import wraps

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import acting_user, admin_needed
from dashboard.accounts.reauthentication import authentication_of
from dashboard.first_start import AppRow, SearchForm, choices_in, has_pages, is_left, page_of, proposed, sent
from dashboard.forms import first_error
from dashboard.timezones import now_for
from dashboard.views.frame import Live, show
from deployments import queries
from deployments.mapping.site_form import SHOWN_AGAIN
from deployments.models import Discovery
from deployments.operations.first_start.apps import FoundApp
from deployments.operations.first_start.request import request_discovery
from deployments.operations.first_start.save import map_apps, open_apps
from deployments.queries.metrics_data import is_worker_silent

View = Callable[[HttpRequest], HttpResponse]


def mapper_needed(view: View) -> View:
    """Let pass administrators who may add sites (403)."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not acting_user(request).has_perm("deployments.add_site"):
            raise PermissionDenied("You cannot add sites. Ask another administrator for that permission.")
        return view(request)

    return admin_needed(guarded)


@require_safe
@mapper_needed
def first_start(request: HttpRequest) -> HttpResponse:
    """What was found, each step with its lines."""
    page = page_of(open_apps(), request.GET.get("page", ""))
    return _show(request, proposed(page), page)


@require_POST
@mapper_needed
def search(request: HttpRequest) -> HttpResponse:
    """Have a worker search; elsewhere, or for other words, where the page has named some."""
    form = SearchForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return redirect("first-start")
    named = {name: value for name, value in form.cleaned_data.items() if name in request.POST}
    request_discovery(**named, now=timezone.now())
    return redirect("first-start")


@require_POST
@mapper_needed
def add_sites(request: HttpRequest) -> HttpResponse:
    """Map all that is ticked; what cannot be keeps what was typed, with why. The next page follows, where there is one."""
    apps = open_apps()
    if SHOWN_AGAIN in request.POST:
        return _show(request, sent(apps, request.POST, {}))
    mapped = map_apps(
        choices=choices_in(sent(apps, request.POST, {})),
        by=acting_user(request),
        authentication=authentication_of(request),
        now=timezone.now(),
    )
    if count := len(mapped.names):
        messages.success(request, f"Added {count} site{'' if count == 1 else 's'}. A worker is checking now.")
    left = sent(open_apps(), request.POST, mapped.refused)
    if any(map(is_left, left)):
        messages.error(request, "Some could not be added. Each says why.")
        return _show(request, left)
    if not mapped.names:
        messages.error(request, "Nothing was added: tick what is to become a site, then try again.")
        return redirect("first-start")
    return redirect("first-start" if has_pages(apps) else "sites")


def _show(request: HttpRequest, rows: Sequence[AppRow], page: Page[FoundApp] | None = None) -> HttpResponse:
    now, discovery = now_for(request), Discovery.latest()
    is_worker_missing = discovery.is_under_way and is_worker_silent(now=now)
    searched = {"namespaces": ", ".join(discovery.namespaces), "words": discovery.words}
    return show(
        request,
        "first_start.html",
        Live("_first_start.html"),
        system_status=queries.system_status(now=now),
        now=now,
        discovery=discovery,
        is_worker_missing=is_worker_missing,
        # What an earlier search found can be added while no worker would replace it.
        is_searching=discovery.is_under_way and not (is_worker_missing and rows),
        rows=rows,
        page=page,
        search=SearchForm(initial=searched),
    )
