"""An image set outside Headway: reviewed, adopted, or replaced."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import acting_user, deployer_needed, login_needed
from dashboard.actions import edit_url
from dashboard.timezones import now_for
from dashboard.views.frame import Live, found_or_404, name_in_lower_case, show
from deployments import queries
from deployments.models import Site
from deployments.operations.deploys.adopt import UnableToAdopt
from deployments.operations.deploys.adopt import adopt as adopt_image
from deployments.rules.suggestions import mapping_for, why_no_template


@require_safe
@name_in_lower_case
@login_needed
@found_or_404(Site, "name")
def drift(request: HttpRequest, name: str) -> HttpResponse:
    """Who set which image, and what can be done with it."""
    now = now_for(request)
    page = queries.drift_page(name=name, now=now)
    row = page.row
    suggested = (
        {}
        if row.seen.desired_sha
        else mapping_for(
            row.seen.desired_image, repository=row.site.repository, source=row.site.commit_source
        )
    )
    edit = f"{edit_url(row)}?{urlencode(suggested)}" if suggested else edit_url(row)
    live = Live("_drift.html")
    context = {"page": page, "row": row, "suggested": suggested, "edit": edit}
    context["why_none"] = why_no_template(row.seen.desired_image)
    return show(request, "drift.html", live, system_status=page.system_status, now=now, **context)


@require_POST
@name_in_lower_case
@deployer_needed
@found_or_404(Site, "name")
def adopt(request: HttpRequest, name: str) -> HttpResponse:
    """Accept the image that the person saw."""
    site, image = Site.objects.get(name=name), request.POST.get("image", "")
    try:
        adopt_image(site=site, image=image, by=acting_user(request), now=timezone.now())
    except UnableToAdopt as refusal:
        messages.error(request, str(refusal))
        return redirect("drift", name)
    messages.success(request, f"Adopted. The history of {name} now lists what runs.")
    return redirect("site", name)
