"""Rolling back, restarting and retrying: each asks first where it is risky."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.access import acting_user, deployer_needed
from dashboard.accounts.reauthentication import authentication_of
from dashboard.confirms import Confirm, abort_confirm, restart_confirm, rollback_confirm
from dashboard.forms import DeployForm, TapForm, first_error
from dashboard.timezones import now_for
from dashboard.views.frame import Live, found_or_404, name_in_lower_case, show
from deployments import queries
from deployments.models import Deploy, Site
from deployments.operations.deploys.cancel import UnableToCancel, abort_and_roll_back
from deployments.operations.deploys.request import UnableToDeploy
from deployments.operations.deploys.restart import request_restart
from deployments.operations.deploys.retry import request_retry
from deployments.operations.deploys.rollback import request_rollback, way_back_from
from deployments.queue import enqueue


@require_http_methods(["GET", "HEAD", "POST"])
@name_in_lower_case
@deployer_needed
@found_or_404(Site, "name")
def roll_back(request: HttpRequest, name: str) -> HttpResponse:
    """GET shows what the site can go back to, and with `?sha=` asks "really?"; POST does it."""
    if request.method == "POST":
        return _roll_back(request, name)
    now = now_for(request)
    page = queries.site_page(name=name, now=now)
    targets = queries.rollback_targets(page.row.site)
    if sha := request.GET.get("sha", ""):
        target = next((each for each in targets if each.sha == sha), None)
        return _ask(request, page, rollback_confirm(page, target, sha=sha))
    live = Live("_rollbacks.html")
    context = {"row": page.row, "targets": targets, "alone": True}
    return show(request, "rollbacks.html", live, system_status=page.system_status, now=now, **context)


@require_POST
@name_in_lower_case
@deployer_needed
@found_or_404(Site, "name")
def check_rollback_images(request: HttpRequest, name: str) -> HttpResponse:
    """Ask the registry again what it still has."""
    enqueue.check_rollback_images(Site.objects.get(name=name).pk)
    messages.success(request, "Checking the registry. This page shows which images it still has.")
    return redirect("roll-back", name)


@require_http_methods(["GET", "HEAD", "POST"])
@name_in_lower_case
@deployer_needed
@found_or_404(Site, "name")
def restart(request: HttpRequest, name: str) -> HttpResponse:
    """GET asks "really?", POST replaces the pods."""
    if request.method != "POST":
        page = queries.site_page(name=name, now=now_for(request))
        return _ask(request, page, restart_confirm(page))
    site, form = get_object_or_404(Site, name=name), TapForm(request.POST)
    if not form.is_valid():
        return _refused(request, first_error(form), "site", name)
    try:
        deploy = request_restart(
            site=site,
            seen_sha=form.cleaned_data["seen"],
            by=acting_user(request),
            authentication=authentication_of(request),
            idempotency_key=form.cleaned_data["key"],
            now=timezone.now(),
        )
    except UnableToDeploy as refusal:
        return _refused(request, str(refusal), "site", name)
    return redirect("deploy", deploy.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@deployer_needed
@found_or_404(Deploy)
def abort(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks "really?", POST ends the rollout and begins the rollback."""
    deploy = Deploy.objects.select_related("site").get(pk=pk)
    if request.method != "POST":
        page = queries.site_page(name=deploy.site.name, now=now_for(request))
        return _ask(request, page, abort_confirm(page, deploy, way_back_from(deploy)))
    try:
        back = abort_and_roll_back(
            deploy=deploy,
            by=acting_user(request),
            authentication=authentication_of(request),
            now=timezone.now(),
        )
    except (UnableToCancel, UnableToDeploy) as refusal:
        return _refused(request, str(refusal), "deploy", pk)
    return redirect("deploy", back.pk)


@require_POST
@deployer_needed
@found_or_404(Deploy)
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once more for what this Deploy did not bring about."""
    deploy, form = Deploy.objects.select_related("site").get(pk=pk), TapForm(request.POST)
    if not form.is_valid():
        return _refused(request, first_error(form), "deploy", pk)
    try:
        new = request_retry(
            deploy=deploy,
            seen_sha=form.cleaned_data["seen"],
            by=acting_user(request),
            authentication=authentication_of(request),
            idempotency_key=form.cleaned_data["key"],
            now=timezone.now(),
        )
    except UnableToDeploy as refusal:
        return _refused(request, str(refusal), "deploy", pk)
    return redirect("deploy", new.pk)


def _roll_back(request: HttpRequest, name: str) -> HttpResponse:
    site, form = get_object_or_404(Site, name=name), DeployForm(request.POST)
    if not form.is_valid():
        return _refused(request, first_error(form), "roll-back", name)
    try:
        deploy = request_rollback(
            site=site,
            sha=form.cleaned_data["sha"],
            seen_sha=form.cleaned_data["seen"],
            by=acting_user(request),
            authentication=authentication_of(request),
            idempotency_key=form.request_key(name),
            now=timezone.now(),
        )
    except UnableToDeploy as refusal:
        return _refused(request, str(refusal), "roll-back", name)
    return redirect("deploy", deploy.pk)


def _ask(request: HttpRequest, page: queries.SitePage, confirm: Confirm) -> HttpResponse:
    context = {"row": page.row, "confirm": confirm}
    live = Live("_confirm.html")
    return show(
        request, "confirm.html", live, system_status=page.system_status, now=now_for(request), **context
    )


def _refused(request: HttpRequest, message: str, where: str, key: object) -> HttpResponse:
    messages.error(request, message)
    return redirect(where, key)
