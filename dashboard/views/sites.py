"""The list of sites, and one site."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import acting_user, login_needed
from dashboard.actions import viewer_of
from dashboard.forms import HoldForm
from dashboard.live import is_fragment_asked, kept_fresh
from dashboard.provenance import origin_of
from dashboard.rows import columns_of, page_of, parts_of
from dashboard.timezones import now_for
from dashboard.views.frame import Live, found_or_404, name_in_lower_case, page_before, searched, show
from deployments import queries
from deployments.models import Site
from deployments.operations import stars
from deployments.operations.sync.request import request_provenance
from deployments.rules.site_state import State


@require_safe
@login_needed
@kept_fresh
def site_list(request: HttpRequest) -> HttpResponse:
    """`?q=` narrows by words, `?state=` and `?tag=` by those, `?sort=` sorts, `?page=` shows the next hundred.

    What does not exist narrows and sorts nothing.
    """
    now = now_for(request)
    asked = {name: request.GET.get(name, "") for name in ("state", "tag", "sort")}
    state = asked["state"] if asked["state"] in tuple(State) else ""
    search, tag = searched(request), asked["tag"].replace("\0", "")
    found = queries.site_list(
        now=now, search=search, state=state, tag=tag, order=asked["sort"], viewer_id=request.user.pk
    )
    page = page_of(found.rows, request.GET.get("page", ""))
    parts = parts_of(page, viewer_of(request, found.system_status), order=found.order)
    context = {"found": found, "page": page, "parts": parts, "search": search, "state": state, "tag": tag}
    context |= {
        "hold_form": HoldForm(auto_id=False),
        "ready": queries.count_ready(found.all_rows),
        "columns": columns_of(found.order),
    }
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
    page = queries.site_page(name=name, now=now, viewer_id=request.user.pk)
    if not is_fragment_asked(request):
        request_provenance(page.row.seen, now=now)
    targets = queries.rollback_targets(page.row.site)
    context = {"page": page, "row": page.row, "hold_form": HoldForm(auto_id=False), "targets": targets}
    context["origin"] = origin_of(page.row, page.row.seen.target_sha)
    live = Live("_site.html", beside=("_mapping.html",))
    return show(request, "site.html", live, system_status=page.system_status, now=now, **context)


@require_POST
@login_needed
def star(request: HttpRequest) -> HttpResponse:
    """Star the site that `star` names, or take the star from the one that `unstar` names."""
    change = stars.star if "star" in request.POST else stars.unstar
    name = request.POST.get("star") or request.POST.get("unstar", "")
    change(site=get_object_or_404(Site, name=name.replace("\0", "")), by=acting_user(request))
    return redirect(page_before(request))
