"""The list of sites, and one site."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.access import login_needed
from dashboard.actions import viewer_of
from dashboard.forms import HoldForm
from dashboard.live import kept_fresh
from dashboard.rows import page_of, parts_of
from dashboard.timezones import now_for
from dashboard.views.frame import Live, found_or_404, name_in_lower_case, searched, show
from deployments import queries
from deployments.models import Site
from deployments.rules.site_state import State


@require_safe
@login_needed
@kept_fresh
def site_list(request: HttpRequest) -> HttpResponse:
    """`?q=` narrows by words, `?state=` by state, `?page=` shows the next hundred; what does not exist narrows nothing."""
    now = now_for(request)
    search = searched(request)
    state = request.GET.get("state", "")
    state = state if state in tuple(State) else ""
    found = queries.site_list(now=now, search=search, state=state)
    ready = queries.count_ready(found.all_rows)
    page = page_of(found.rows, request.GET.get("page", ""))
    parts = parts_of(page, viewer_of(request, found.system_status))
    context = {"found": found, "page": page, "parts": parts, "search": search, "state": state, "ready": ready}
    context["hold_form"] = HoldForm()
    return show(
        request, "sites.html", Live("_sites.html"), system_status=found.system_status, now=now, **context
    )


@require_safe
@name_in_lower_case
@login_needed
@kept_fresh
@found_or_404(Site, "name")
def site(request: HttpRequest, name: str) -> HttpResponse:
    """One site: what runs, the commits to deploy, what stops it, and what was."""
    now = now_for(request)
    page = queries.site_page(name=name, now=now)
    targets = queries.rollback_targets(page.row.site)
    context = {"page": page, "row": page.row, "hold_form": HoldForm(), "targets": targets}
    live = Live("_site.html", beside=("_mapping.html",))
    return show(request, "site.html", live, system_status=page.system_status, now=now, **context)
