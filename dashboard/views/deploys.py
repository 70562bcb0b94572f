"""A Deploy: requested, confirmed where it is risky, watched, cancelled."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.access import acting_user, deployer_needed, login_needed
from dashboard.accounts.reauthentication import authentication_of
from dashboard.deploy_dialog import deploy_dialog_for
from dashboard.forms import DeployForm, first_error
from dashboard.live import kept_fresh
from dashboard.progress import bar_of
from dashboard.timezones import now_for
from dashboard.views.frame import Live, found_or_404, name_in_lower_case, show
from deployments import queries
from deployments.models import Deploy, Site, Trigger
from deployments.operations.deploys.cancel import UnableToCancel, cancel_deploy
from deployments.operations.deploys.request import UnableToDeploy, request_deploy


@require_http_methods(["GET", "HEAD", "POST"])
@name_in_lower_case
@deployer_needed
@found_or_404(Site, "name")
def deploy_site(request: HttpRequest, name: str) -> HttpResponse:
    """GET asks "really?", POST does it."""
    return _request(request, name) if request.method == "POST" else _confirm(request, name)


def _confirm(request: HttpRequest, name: str) -> HttpResponse:
    now = now_for(request)
    page = queries.site_page(name=name, now=now)
    dialog = deploy_dialog_for(page, sha=request.GET.get("sha", ""))
    context = {"page": page, "row": page.row, "dialog": dialog}
    return show(
        request,
        "deploy_site.html",
        Live("_deploy_dialog.html"),
        system_status=page.system_status,
        now=now,
        **context,
    )


def _request(request: HttpRequest, name: str) -> HttpResponse:
    site = get_object_or_404(Site, name=name)
    form = DeployForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return redirect("site", name)
    sha, seen, accept_red = (form.cleaned_data[name] for name in ("sha", "seen", "accept_red"))
    try:
        deploy = request_deploy(
            site=site,
            sha=sha,
            seen_sha=seen,
            requested_by=acting_user(request),
            trigger=Trigger.PERSON,
            idempotency_key=form.request_key(name),
            accept_red=accept_red,
            accept_foreign_image=form.cleaned_data["accept_foreign_image"],
            when_ready=form.readiness(),
            authentication=authentication_of(request),
            now=timezone.now(),
        )
    except UnableToDeploy as refusal:
        messages.error(request, str(refusal))
        return redirect("site", name)
    return redirect("deploy", deploy.pk)


@require_safe
@login_needed
@kept_fresh
@found_or_404(Deploy)
def deploy(request: HttpRequest, pk: int) -> HttpResponse:
    """A Deploy on its way, and how it ended; `live` is where its page asks for what changed."""
    now = now_for(request)
    page = queries.deploy_page(pk=pk, now=now)
    one, following = page.deploy, _following(page, now)
    bar = bar_of(one, page.expected, now=now)
    context = {"page": page, "row": page.row, "deploy": one, "following": following, "bar": bar}
    return show(
        request, "deploy.html", Live("_deploy.html"), system_status=page.system_status, now=now, **context
    )


live = deploy


@require_POST
@deployer_needed
@found_or_404(Deploy)
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a Deploy that has changed nothing yet."""
    try:
        cancel_deploy(
            deploy=Deploy.objects.select_related("site").get(pk=pk),
            by=acting_user(request),
            now=timezone.now(),
        )
    except UnableToCancel as refusal:
        messages.error(request, str(refusal))
    return redirect("deploy", pk)


def _following(page: queries.DeployPage, now: datetime) -> str:
    """Return the name of the next site that needs a person, once this Deploy has ended; else nothing."""
    if page.deploy.is_active:
        return ""
    rows = queries.site_list(now=now).rows
    return next(
        (row.name for row in rows if row.answer.state.needs_attention and row.name != page.row.name), ""
    )
