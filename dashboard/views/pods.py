"""A site's pods and their logs, as a worker reads them when a person asks."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import acting_user, deployer_needed
from dashboard.forms import LogForm, first_error
from dashboard.live import is_fragment_asked, kept_fresh
from dashboard.timezones import now_for
from dashboard.views.frame import Live, name_in_lower_case, show
from deployments import queries
from deployments.models import ContainerLog, Site
from deployments.operations.pods.request import note_reader, request_log, request_pods
from deployments.rules.pod_list import LogChoice


@require_POST
@name_in_lower_case
@deployer_needed
def check_pods(request: HttpRequest, name: str) -> HttpResponse:
    """Have a worker list the pods; the page that is open follows."""
    request_pods(site=get_object_or_404(Site, name=name), now=timezone.now())
    if is_fragment_asked(request):
        return HttpResponse(status=204)
    return redirect("site", name)


@require_POST
@name_in_lower_case
@deployer_needed
def ask_for_log(request: HttpRequest, name: str) -> HttpResponse:
    """Have a worker read a log, and lead to the page that waits for it."""
    site, form = get_object_or_404(Site, name=name), LogForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return redirect("site", name)
    values = form.cleaned_data
    choice = LogChoice(container=values["container"], previous=values["previous"])
    log = request_log(
        site=site,
        namespace=values["namespace"],
        pod=values["pod"],
        choice=choice,
        by=acting_user(request),
        now=timezone.now(),
    )
    return redirect("log", log.pk)


@require_safe
@deployer_needed
@kept_fresh
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """The requested log, while it is kept."""
    now = now_for(request)
    try:
        page = queries.log_page(pk=pk, now=now)
    except ContainerLog.DoesNotExist as error:
        raise Http404 from error
    note_reader(log=page.log, by=acting_user(request), now=now)
    context = {"page": page, "log": page.log, "name": page.site.name}
    answer = show(
        request, "log.html", Live("_log.html"), system_status=page.system_status, now=now, **context
    )
    # It may contain secrets: no browser keeps it, not even for its own history.
    patch_cache_control(answer, no_store=True)
    return answer
