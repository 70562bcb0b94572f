"""What was done lately, by whom or by what."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.access import login_needed
from dashboard.views.frame import Live, show
from deployments import queries


@require_safe
@login_needed
def activity(request: HttpRequest) -> HttpResponse:
    """The newest Deploys and syncs."""
    now = timezone.now()
    newest = queries.activity(now=now)
    deploys = [(deploy.pk, deploy.status, deploy.sentence) for deploy in newest.deploys]
    runs = [(run.pk, run.result, run.sentence) for run in newest.runs]
    live = Live("_activity.html", (deploys, runs))
    return show(request, "activity.html", live, house=newest.house, now=now, newest=newest)
