"""What was done lately, by whom or by what."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.access import login_needed
from dashboard.live import kept_fresh
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
    deploys = [(deploy.pk, deploy.status, deploy.message) for deploy in newest.deploys]
    runs = [(run.pk, run.result, run.message) for run in newest.runs]
    holds = [(hold.pk, hold.resumed_at) for hold in newest.holds]
    live = Live("_activity.html", (deploys, runs, holds))
    return show(request, "activity.html", live, system_status=newest.system_status, now=now, newest=newest)
