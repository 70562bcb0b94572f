"""What was done recently, and by whom."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.access import login_needed
from dashboard.live import kept_fresh
from dashboard.sync_folds import folded
from dashboard.timezones import now_for
from dashboard.views.frame import Live, show
from deployments import queries


@require_safe
@login_needed
@kept_fresh
def activity(request: HttpRequest) -> HttpResponse:
    """The newest Deploys and syncs."""
    now = now_for(request)
    newest = queries.activity(now=now)
    context = {"newest": newest, "syncs": folded(newest.syncs)}
    live = Live("_activity.html")
    return show(request, "activity.html", live, system_status=newest.system_status, now=now, **context)
