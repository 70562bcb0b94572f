"""Deploying all ready sites: listed and confirmed, watched, cancelled."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.access import acting_user, deployer_needed, login_needed
from dashboard.accounts.reauthentication import authentication_of
from dashboard.forms import BatchForm, first_error
from dashboard.timezones import now_for
from dashboard.views.frame import Live, found_or_404, show
from deployments import queries
from deployments.mapping.site_form import SHOWN_AGAIN
from deployments.models import DeployBatch
from deployments.models.batch import MOST_AT_ONCE
from deployments.operations.deploys.batch import UnableToDeployAll, cancel_batch, request_batch


@require_http_methods(["GET", "HEAD", "POST"])
@deployer_needed
def deploy_all(request: HttpRequest) -> HttpResponse:
    """GET names the sites, POST deploys them."""
    deploys = request.method == "POST" and SHOWN_AGAIN not in request.POST
    return _request(request) if deploys else _confirm(request)


@dataclass(frozen=True)
class Chosen:
    """What a page of *Deploy all* was sent with."""

    names: frozenset[str]
    at_once: str


def _chosen(data: QueryDict) -> Chosen:
    return Chosen(
        names=frozenset(item.partition(" ")[0] for item in data.getlist("item")),
        at_once=data.get("at_once", ""),
    )


def _confirm(request: HttpRequest) -> HttpResponse:
    """Name the sites; what was chosen before stays as it was, so that no site is ticked again that someone left out."""
    now = now_for(request)
    plan = queries.batch_plan(now=now)
    return show(
        request,
        "deploy_all.html",
        Live("_deploy_all.html"),
        system_status=plan.system_status,
        now=now,
        plan=plan,
        chosen=_chosen(request.POST) if request.method == "POST" else None,
        numbers_at_once=range(1, MOST_AT_ONCE + 1),
    )


def _request(request: HttpRequest) -> HttpResponse:
    form = BatchForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return _confirm(request)
    try:
        batch = request_batch(
            entries=form.entries(request.POST.getlist("item")),
            by=acting_user(request),
            authentication=authentication_of(request),
            key=form.cleaned_data["key"],
            at_once=form.cleaned_data["at_once"] or 1,
            now=timezone.now(),
        )
    except UnableToDeployAll as refusal:
        messages.error(request, str(refusal))
        return _confirm(request)
    return redirect("batch", batch.pk)


@require_safe
@login_needed
@found_or_404(DeployBatch)
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """A batch's status."""
    now = now_for(request)
    page = queries.batch_page(pk=pk, now=now)
    live = Live("_batch.html")
    return show(
        request, "batch.html", live, system_status=page.system_status, now=now, page=page, batch=page.batch
    )


@require_POST
@deployer_needed
@found_or_404(DeployBatch)
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Start nothing more of this batch."""
    found = DeployBatch.objects.get(pk=pk)
    if not cancel_batch(batch=found, by=acting_user(request), now=timezone.now()):
        messages.error(request, "Too late to cancel: it has ended.")
    return redirect("batch", pk)
